package org.pgregent.pg;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.SlotPlan;
import org.pgregent.core.port.PostgresException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Changes this node's physical slots. One that cannot be changed now does not keep the others from it. */
final class Slots {

    private static final Logger LOG = LoggerFactory.getLogger(Slots.class);
    private static final String OBJECT_IN_USE = "55006";

    private final LocalSql sql;

    Slots(LocalSql sql) {
        this.sql = sql;
    }

    void sync(SlotPlan plan, Deadline deadline) throws PostgresException, InterruptedException {
        if (plan.isEmpty()) {
            return;
        }
        sql.run("changing replication slots", deadline, statement -> {
            for (String name : plan.drop()) {
                drop(statement, name);
            }
            for (String name : plan.create()) {
                create(statement, name);
            }
            for (Map.Entry<String, Lsn> target : plan.advance().entrySet()) {
                advance(statement, target.getKey(), target.getValue());
            }
            return null;
        });
    }

    private static void create(Statement statement, String name) {
        attempt("create", name, () -> {
            if (call(
                    statement,
                    "SELECT pg_create_physical_replication_slot(?, true)"
                            + " WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = ?)",
                    name,
                    name)) {
                LOG.info("replication slot '{}' created", name);
            }
        });
    }

    private static void drop(Statement statement, String name) {
        attempt("drop", name, () -> {
            if (call(
                    statement,
                    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = ?",
                    name)) {
                LOG.info("replication slot '{}' dropped", name);
            }
        });
    }

    /** A slot never goes back, and PostgreSQL calls it an error to ask for that. */
    private static void advance(Statement statement, String name, Lsn target) {
        attempt(
                "advance",
                name,
                () -> call(
                        statement,
                        "SELECT pg_replication_slot_advance(slot_name, ?::pg_lsn) FROM pg_replication_slots"
                                + " WHERE slot_name = ? AND NOT active AND restart_lsn < ?::pg_lsn",
                        target.toString(),
                        name,
                        target.toString()));
    }

    private interface Change {
        void make() throws SQLException;
    }

    private static void attempt(String verb, String name, Change change) {
        try {
            change.make();
        } catch (SQLException e) {
            if (OBJECT_IN_USE.equals(e.getSQLState())) {
                LOG.warn("Unable to {} replication slot '{}', slot is active", verb, name);
            } else {
                LOG.warn("Unable to {} replication slot '{}': {}", verb, name, Connections.oneLine(e));
            }
        }
    }

    /** Whether there was a row. */
    private static boolean call(Statement statement, String text, String... arguments) throws SQLException {
        try (PreparedStatement prepared = statement.getConnection().prepareStatement(text)) {
            for (int i = 0; i < arguments.length; i++) {
                prepared.setString(i + 1, arguments[i]);
            }
            try (ResultSet rows = prepared.executeQuery()) {
                return rows.next();
            }
        }
    }
}
