package org.pgregent.pg;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;
import org.pgregent.core.model.Upstream;
import org.pgregent.core.port.PostgresException;
import org.pgregent.pg.PgConfig.Credentials;
import org.pgregent.pg.PgConfig.HostPort;
import org.postgresql.Driver;

/** Opens connections of which every step has a limit: a stopped server accepts connections too, and says nothing. */
final class Connections {

    private static final int CONNECT_SECONDS = 3;
    private static final String QUIET =
            "-c search_path=pg_catalog -c pg_stat_statements.track=none -c synchronous_commit=local"
                    + " -c statement_timeout=";

    /** libpq's names of connection keys, by pgjdbc's. Those it has no word for are not there. */
    private static final Map<String, String> KEYS = Map.of(
            "sslmode", "sslmode",
            "sslcert", "sslcert",
            "sslkey", "sslkey",
            "sslpassword", "sslpassword",
            "sslrootcert", "sslrootcert",
            "gssencmode", "gssEncMode",
            "channel_binding", "channelBinding",
            "sslnegotiation", "sslNegotiation");

    private final PgConfig config;
    private final Driver driver = new Driver();

    Connections(PgConfig config) {
        this.config = config;
    }

    /** To this node's own server, as superuser. */
    Connection local(String applicationName, Deadline deadline) throws SQLException {
        Properties properties = properties(config.authentication().superuser(), applicationName, deadline);
        properties.setProperty("options", QUIET + deadline.leftMillis());
        return open(config.network().local(), config.database(), properties);
    }

    /** To another node, for SQL. */
    Connection remote(Upstream node, Credentials user, Deadline deadline) throws SQLException {
        Properties properties = properties(user, config.name().value(), deadline);
        properties.setProperty("options", QUIET + deadline.leftMillis());
        return open(new HostPort(node.host(), node.port()), node.database(), properties);
    }

    /** For the commands of the replication protocol, as the replication user; pg_hba.conf admits it where standbys are let in. */
    Connection replication(HostPort node, Deadline deadline) throws SQLException {
        Properties properties =
                properties(config.authentication().replication(), config.name().value(), deadline);
        properties.setProperty("replication", "true");
        properties.setProperty("preferQueryMode", "simple");
        return open(node, config.database(), properties);
    }

    private Connection open(HostPort node, String database, Properties properties) throws SQLException {
        String host = node.host().contains(":") ? "[" + node.host() + "]" : node.host();
        String path = java.net.URLEncoder.encode(database, java.nio.charset.StandardCharsets.UTF_8);
        return driver.connect("jdbc:postgresql://" + host + ":" + node.port() + "/" + path, properties);
    }

    private static Properties properties(Credentials user, String applicationName, Deadline deadline) {
        int seconds = Math.min(CONNECT_SECONDS, deadline.leftSeconds());
        Properties properties = new Properties();
        properties.setProperty("user", user.username());
        user.password().ifPresent(password -> properties.setProperty("password", password));
        user.options().forEach((key, value) -> {
            if (KEYS.containsKey(key)) {
                properties.setProperty(KEYS.get(key), value);
            }
        });
        properties.setProperty("ApplicationName", applicationName);
        properties.setProperty("connectTimeout", Integer.toString(seconds));
        properties.setProperty("socketTimeout", Integer.toString(seconds));
        properties.setProperty("cancelSignalTimeout", "1");
        // Spares a round trip; nothing older is served.
        properties.setProperty("assumeMinServerVersion", Integer.toString(PgVersions.OLDEST));
        return properties;
    }

    /** The limit for what is asked of the connection from now on. */
    static void limit(Connection connection, Deadline deadline) throws SQLException {
        connection.setNetworkTimeout(Runnable::run, deadline.leftMillis());
    }

    static PostgresException failure(String what, SQLException e) {
        return new PostgresException(what + ": " + oneLine(e), e);
    }

    static String oneLine(SQLException e) {
        String message = e.getMessage() == null
                ? e.getClass().getSimpleName()
                : e.getMessage().replaceAll("\\s*\\n\\s*", " ");
        return e.getSQLState() == null ? message : message + " (" + e.getSQLState() + ")";
    }
}
