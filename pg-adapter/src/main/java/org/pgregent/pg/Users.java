package org.pgregent.pg;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.pgregent.core.port.PostgresException;
import org.pgregent.pg.PgConfig.Credentials;
import org.postgresql.core.Utils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The users the agent needs beside the superuser, made in single-user mode: before the new cluster has a leader nobody else may
 * connect to it, not even for a moment.
 */
final class Users {

    private static final Logger LOG = LoggerFactory.getLogger(Users.class);

    /** What pg_rewind calls; https://www.postgresql.org/docs/current/app-pgrewind.html#id-1.9.5.8.8 */
    private static final List<String> REWIND_FUNCTIONS = List.of(
            "pg_ls_dir(text, boolean, boolean)",
            "pg_stat_file(text, boolean)",
            "pg_read_binary_file(text)",
            "pg_read_binary_file(text, bigint, bigint, boolean)");

    private final PgConfig config;
    private final Programs programs;

    Users(PgConfig config, Programs programs) {
        this.config = config;
        this.programs = programs;
    }

    void create(Deadline deadline) throws PostgresException, InterruptedException {
        List<String> statements = statements();
        if (statements.isEmpty()) {
            return;
        }
        List<String> command = List.of(
                programs.find("postgres").toString(),
                "--single",
                "-D",
                config.dataDir().toString(),
                // Passwords must not reach the server's log, whatever it is told to write there.
                "--log_statement=none",
                "--log_min_duration_statement=-1",
                "--log_min_error_statement=panic",
                "--exit_on_error=on",
                "postgres");
        // Its output is the log: it goes nowhere, only whether it came to its end counts.
        Commands.Result result =
                Commands.run(command, Commands.IN_ENGLISH, String.join("\n", statements) + "\n", deadline, line -> {});
        if (!result.isSuccess()) {
            throw new PostgresException("the users could not be created: " + result.lastWords());
        }
        LOG.info("users created: {} statements", statements.size());
    }

    private List<String> statements() throws PostgresException {
        PgConfig.Authentication users = config.authentication();
        String superuser = users.superuser().username();
        List<String> statements = new ArrayList<>();
        if (!users.replication().username().equals(superuser)) {
            statements.add(user(users.replication(), "LOGIN REPLICATION"));
        }
        if (!users.rewind().username().equals(superuser)) {
            if (!users.rewind().username().equals(users.replication().username())) {
                statements.add(user(users.rewind(), "LOGIN"));
            }
            for (String function : REWIND_FUNCTIONS) {
                statements.add("GRANT EXECUTE ON FUNCTION pg_catalog." + function + " TO "
                        + identifier(users.rewind().username()));
            }
        }
        return statements;
    }

    private static String user(Credentials user, String rights) throws PostgresException {
        Optional<String> password = user.password();
        String secret = password.isPresent() ? " PASSWORD " + literal(user.username(), password.get()) : "";
        return "CREATE ROLE " + identifier(user.username()) + " WITH " + rights + secret;
    }

    private static String identifier(String name) throws PostgresException {
        try {
            return Utils.escapeIdentifier(null, oneLine(name, name)).toString();
        } catch (SQLException e) {
            throw new PostgresException("user name '" + name + "' cannot be used: " + e.getMessage(), e);
        }
    }

    private static String literal(String user, String secret) throws PostgresException {
        try {
            return "'" + Utils.escapeLiteral(null, oneLine(user, secret), true) + "'";
        } catch (SQLException e) {
            // The cause would carry the secret.
            throw new PostgresException("the password of user '" + user + "' cannot be used: it holds a zero byte");
        }
    }

    /** In single-user mode a line is a statement. */
    private static String oneLine(String user, String text) throws PostgresException {
        if (text.indexOf('\n') >= 0 || text.indexOf('\r') >= 0) {
            throw new PostgresException("name and password of user '" + user + "' must be of one line");
        }
        return text;
    }
}
