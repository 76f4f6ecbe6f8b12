package org.pgregent.pg;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.pgregent.core.port.PostgresException;

/** Short statements to this node's own server, each work on a connection of its own. */
final class LocalSql {

    /** No statement here takes longer on a server that is well. */
    private static final Duration SHORT = Duration.ofSeconds(10);

    /** The driver's own limits should end a call first, with a better message. */
    private static final Duration GRACE = Duration.ofSeconds(1);

    private final Connections connections;

    LocalSql(Connections connections) {
        this.connections = connections;
    }

    /** Something to do with a connection. */
    interface Work<T> {
        T with(Statement statement) throws SQLException, InterruptedException, PostgresException;
    }

    <T> T run(String what, Deadline deadline, Work<T> work) throws PostgresException, InterruptedException {
        return runLong(what, deadline.atMost(SHORT), work);
    }

    /** For what may take as long as the deadline says, such as a checkpoint. */
    <T> T runLong(String what, Deadline limit, Work<T> work) throws PostgresException, InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException(what);
        }
        // A blocked read does not hear an interrupt, so it happens on another thread, and whoever waits cuts the
        // connection.
        AtomicReference<Connection> open = new AtomicReference<>();
        FutureTask<T> task = new FutureTask<>(() -> {
            try (Connection connection = connections.local("Patroni", limit)) {
                open.set(connection);
                if (Thread.interrupted()) {
                    // Cut while it was still connecting, which hears no interrupt.
                    throw new InterruptedException(what);
                }
                Connections.limit(connection, limit);
                try (Statement statement = connection.createStatement()) {
                    return work.with(statement);
                }
            }
        });
        Thread thread = new Thread(task, what);
        thread.setDaemon(true);
        thread.start();
        try {
            return task.get(limit.leftMillis() + GRACE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            cut(open, task);
            throw e;
        } catch (TimeoutException e) {
            cut(open, task);
            throw new PostgresException(what + ": PostgreSQL did not answer in time", e);
        } catch (ExecutionException e) {
            throw failure(what, e.getCause());
        }
    }

    /** First the flag, then the connection: whoever opens it in between sees the flag. */
    private static void cut(AtomicReference<Connection> open, FutureTask<?> task) throws PostgresException {
        task.cancel(true);
        Connection connection = open.get();
        if (connection != null) {
            try {
                connection.abort(Runnable::run);
            } catch (SQLException e) {
                throw Connections.failure("cutting a connection", e);
            }
        }
    }

    private static PostgresException failure(String what, Throwable cause) throws InterruptedException {
        if (cause instanceof SQLException sql) {
            return Connections.failure(what, sql);
        } else if (cause instanceof PostgresException known) {
            return known;
        } else if (cause instanceof InterruptedException) {
            throw new InterruptedException(what);
        }
        return new PostgresException(what + ": " + cause, cause);
    }

    /** The first column of the first row; null if that is NULL or there is no row. */
    static String text(Statement statement, String sql) throws SQLException {
        try (ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? rows.getString(1) : null;
        }
    }
}
