package org.pgregent.pg;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the running server about itself, over one connection that is kept. Safe for use by many threads, which take turns. */
final class PgProbe implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PgProbe.class);
    private static final Duration STATEMENT = Duration.ofSeconds(2);

    /** What a connection attempt or a query ended in. */
    enum Outcome {
        ANSWERED,
        /** Nobody listens yet, or the server says that it starts or stops. */
        NOT_OPEN,
        /** It is open, and not for us: user or password are wrong, or pg_hba.conf does not admit them. */
        REFUSED,
        /** It listens; that is all there is to say. */
        FAILED
    }

    /** @param trouble for the operator, unless answered */
    record Answer(Outcome outcome, Optional<ProbeRow> row, Optional<String> trouble) {

        private static Answer without(Outcome outcome, String trouble) {
            return new Answer(outcome, Optional.empty(), Optional.of(trouble));
        }
    }

    private final Connections connections;
    private final PgConfig config;
    private final ReentrantLock turn = new ReentrantLock();
    private Connection connection;
    private String connectedTo = "";

    PgProbe(Connections connections, PgConfig config) {
        this.connections = connections;
        this.config = config;
    }

    /** @param postmasterId a connection to another postmaster than this is not used any more */
    Answer look(String postmasterId, int major, Deadline deadline) {
        boolean mine = false;
        try {
            mine = turn.tryLock(deadline.leftMillis(), TimeUnit.MILLISECONDS);
            return mine
                    ? ask(postmasterId, major, deadline.atMost(STATEMENT))
                    : Answer.without(Outcome.FAILED, "an earlier question to PostgreSQL is still without an answer");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Answer.without(Outcome.FAILED, "interrupted while waiting to ask PostgreSQL");
        } finally {
            if (mine) {
                turn.unlock();
            }
        }
    }

    private Answer ask(String postmasterId, int major, Deadline deadline) {
        if (!connectedTo.equals(postmasterId)) {
            disconnect();
        }
        boolean fresh = connection == null;
        try {
            return new Answer(Outcome.ANSWERED, Optional.of(query(postmasterId, major, deadline)), Optional.empty());
        } catch (SQLException e) {
            disconnect();
            // A kept connection may have been cut by an administrator; a new one tells how things are.
            return fresh || deadline.hasPassed() ? failed(e) : ask(postmasterId, major, deadline);
        }
    }

    private ProbeRow query(String postmasterId, int major, Deadline deadline) throws SQLException {
        if (connection == null) {
            connection = connections.local("Patroni heartbeat", deadline.atMost(STATEMENT));
            connectedTo = postmasterId;
        }
        Connections.limit(connection, deadline);
        try (PreparedStatement statement = connection.prepareStatement(ProbeRow.sql(major))) {
            statement.setArray(
                    1, connection.createArrayOf("text", Gucs.onCommandLine().toArray()));
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                return ProbeRow.read(rows);
            }
        }
    }

    private Answer failed(SQLException e) {
        String state = e.getSQLState() == null ? "" : e.getSQLState();
        String why = Connections.oneLine(e);
        if (state.equals("57P03") || state.equals("08001") && e.getCause() instanceof java.net.ConnectException) {
            return Answer.without(Outcome.NOT_OPEN, why);
        }
        if (state.startsWith("28")) {
            return Answer.without(
                    Outcome.REFUSED,
                    "PostgreSQL does not let user "
                            + config.authentication().superuser().username() + " in from "
                            + config.network().local().host()
                            + ": check postgresql.authentication.superuser and pg_hba.conf: " + why);
        }
        return Answer.without(Outcome.FAILED, "PostgreSQL does not answer: " + why);
    }

    /** Also makes the server's fast end faster: it has one client less. */
    private void disconnect() {
        if (connection == null) {
            return;
        }
        try {
            connection.abort(Runnable::run);
        } catch (SQLException e) {
            LOG.debug("closing a connection", e);
        }
        connection = null;
        connectedTo = "";
    }

    @Override
    public void close() {
        turn.lock();
        try {
            disconnect();
        } finally {
            turn.unlock();
        }
    }
}
