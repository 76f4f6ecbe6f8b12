package org.pgregent.pg;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.pgregent.core.port.PostgresException;

/** Short statements to this node's own server, each work on a connection of its own. */
final class LocalSql {

    /** No statement here takes longer on a server that is well; a blocked read does not hear an interrupt. */
    private static final Duration SHORT = Duration.ofSeconds(10);

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
        try (Connection connection = connections.local("Patroni", limit)) {
            Connections.limit(connection, limit);
            try (Statement statement = connection.createStatement()) {
                return work.with(statement);
            }
        } catch (SQLException e) {
            throw Connections.failure(what, e);
        }
    }

    /** The first column of the first row; null if that is NULL or there is no row. */
    static String text(Statement statement, String sql) throws SQLException {
        try (ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? rows.getString(1) : null;
        }
    }
}
