package org.pgregent.example.table;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsUnavailableException;

/** Opens sessions on the server, with the table in place, and tells what an error of theirs means. */
record Sessions(String section, String url, Properties properties) {

    private static final Driver DRIVER = new org.postgresql.Driver();

    /** A statement whose caller has given up must not wait for a lock for ever, nor take effect much later. */
    private static final String OPTIONS =
            "-c search_path=pgregent_store -c statement_timeout=5s -c synchronous_commit=on"
                    + " -c default_transaction_isolation=read\\ committed -c client_min_messages=error";

    /** By their class, what a server answers every time: bad value, password, database, schema, right or name. */
    private static final String FOR_GOOD = "(22|28|3D|3F|42).*";

    /** The server has not said no, so that what it was doing may yet be done. */
    private static final String UNANSWERED = "(null|08|57P|XX).*";

    /** Asks the driver itself: DriverManager knows drivers by the class loader they came from, which in a plug-in is another. */
    Connection open(Duration within) throws SQLException {
        Properties all = new Properties();
        all.putAll(properties);
        all.setProperty("options", OPTIONS);
        all.setProperty("targetServerType", "primary");
        all.setProperty("connectTimeout", Long.toString(within.toSeconds() + 1));
        all.setProperty("socketTimeout", Long.toString(within.toSeconds() + 1));
        Connection session = DRIVER.connect(url, all);
        try (Statement statement = session.createStatement()) {
            prepare(statement);
            return session;
        } catch (IOException | SQLException e) {
            cut(session);
            throw e instanceof SQLException sql ? sql : new SQLException("store.sql cannot be read from the jar", e);
        }
    }

    private static void prepare(Statement statement) throws SQLException, IOException {
        try (ResultSet row = statement.executeQuery("SELECT to_regproc('write') IS NULL, current_setting('fsync')")) {
            row.next();
            if (row.getString(2).equals("off")) {
                throw new SQLException("fsync is off, so that a crash forgets leases: set it to on", "22023");
            }
            if (!row.getBoolean(1)) {
                return;
            }
        }
        try (InputStream script = Sessions.class.getResourceAsStream("store.sql")) {
            statement.execute(new String(script.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    /** Ends a session at once, also one that another thread waits on. */
    static void cut(Connection session) {
        try {
            session.abort(Runnable::run);
        } catch (SQLException e) {
            throw new IllegalStateException("the driver does not let go of its connection", e);
        }
    }

    /** @param sent whether the statement may have reached the server */
    DcsException meaning(Throwable e, boolean sent) {
        String what =
                section + ".url " + url + ": " + String.valueOf(e.getMessage()).replaceAll("\\s+", " ");
        String state = e instanceof SQLException sql ? String.valueOf(sql.getSQLState()) : "null";
        if (state.matches(FOR_GOOD)) {
            return new DcsRefusedException(what + "; correct the section " + section + " or the rights of its user", e);
        }
        boolean undecided = sent && state.matches(UNANSWERED);
        return undecided ? new DcsIndeterminateException(what, e) : new DcsUnavailableException(what, e);
    }
}
