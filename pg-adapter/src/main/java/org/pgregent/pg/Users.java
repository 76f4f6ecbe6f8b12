package org.pgregent.pg;

import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import org.pgregent.core.port.PostgresException;
import org.pgregent.pg.PgConfig.Credentials;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The users the agent needs beside the superuser. */
final class Users {

    private static final Logger LOG = LoggerFactory.getLogger(Users.class);

    /** What pg_rewind calls; https://www.postgresql.org/docs/current/app-pgrewind.html#id-1.9.5.8.8 */
    private static final List<String> REWIND_FUNCTIONS = List.of(
            "pg_ls_dir(text, boolean, boolean)",
            "pg_stat_file(text, boolean)",
            "pg_read_binary_file(text)",
            "pg_read_binary_file(text, bigint, bigint, boolean)");

    private final PgConfig.Authentication users;
    private final LocalSql sql;

    Users(PgConfig.Authentication users, LocalSql sql) {
        this.users = users;
        this.sql = sql;
    }

    void create(Deadline deadline) throws PostgresException, InterruptedException {
        sql.run("creating users", deadline, statement -> {
            // Passwords must not reach the server's log, whatever it is told to write there.
            statement.execute("SET log_statement = 'none'");
            statement.execute("SET log_min_duration_statement = -1");
            statement.execute("SET log_min_error_statement = 'panic'");
            if (LocalSql.text(statement, "SELECT 1 WHERE current_setting('log_duration', true) = 'on'") != null) {
                statement.execute("SET log_duration = off");
            }
            String superuser = users.superuser().username();
            if (!users.replication().username().equals(superuser)) {
                upsert(statement, users.replication(), "LOGIN REPLICATION");
            }
            if (!users.rewind().username().equals(superuser)) {
                upsert(statement, users.rewind(), users.rewind().username().equals(users.replication().username()) ? "LOGIN REPLICATION" : "LOGIN");
                grantRewind(statement, users.rewind());
            }
            return null;
        });
    }

    private static void upsert(Statement statement, Credentials user, String rights) throws SQLException {
        PGConnection pg = statement.getConnection().unwrap(PGConnection.class);
        String literal = literal(pg, user.username());
        boolean exists = LocalSql.text(statement, "SELECT 1 FROM pg_roles WHERE rolname = " + literal) != null;
        Optional<String> password = user.password();
        String secret = password.isPresent() ? " PASSWORD " + literal(pg, password.get()) : "";
        statement.execute((exists ? "ALTER ROLE " : "CREATE ROLE ") + pg.escapeIdentifier(user.username()) + " WITH " + rights + secret);
        LOG.info("user {} is there", user.username());
    }

    private static void grantRewind(Statement statement, Credentials user) throws SQLException {
        String role = statement.getConnection().unwrap(PGConnection.class).escapeIdentifier(user.username());
        for (String function : REWIND_FUNCTIONS) {
            statement.execute("GRANT EXECUTE ON FUNCTION pg_catalog." + function + " TO " + role);
        }
    }

    private static String literal(PGConnection pg, String text) throws SQLException {
        return "'" + pg.escapeLiteral(text) + "'";
    }
}
