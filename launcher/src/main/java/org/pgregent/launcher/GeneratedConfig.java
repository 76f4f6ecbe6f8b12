package org.pgregent.launcher;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;

/** A configuration for a server that runs already, from what it says of itself. What it cannot know says FIXME. */
final class GeneratedConfig {

    private static final String FIXME = "#FIXME";

    /** This node's alone; everything else that is set is the cluster's. */
    private static final Set<String> LOCAL =
            Set.of("archive_command", "restore_command", "archive_cleanup_command", "recovery_end_command");

    /** Said elsewhere in the configuration, or by the agent itself. */
    private static final Set<String> ELSEWHERE = Set.of(
            "cluster_name",
            "config_file",
            "data_directory",
            "external_pid_file",
            "hba_file",
            "ident_file",
            "listen_addresses",
            "port",
            "primary_conninfo",
            "primary_slot_name",
            "promote_trigger_file",
            "synchronous_standby_names");

    private final Connection server;
    private final String password;
    private final String host;
    private final String address;

    private GeneratedConfig(Connection server, String password, String host, String address) {
        this.server = server;
        this.password = password;
        this.host = host;
        this.address = address;
    }

    /**
     * @param target where and as whom to connect
     * @throws ConfigException if that is not possible, or not as superuser
     */
    static Map<String, Object> from(Dsn target, String host, String address) throws ConfigException {
        Properties login = new Properties();
        login.setProperty("user", target.user());
        target.password().ifPresent(password -> login.setProperty("password", password));
        login.setProperty("connectTimeout", "5");
        String url = "jdbc:postgresql://" + new Address(target.host(), target.port()) + "/" + target.database();
        try (Connection connection = DriverManager.getConnection(url, login)) {
            return new GeneratedConfig(connection, target.password().orElse(FIXME), host, address).document();
        } catch (SQLException e) {
            throw new ConfigException("PostgreSQL at " + target.host() + ":" + target.port() + " as " + target.user()
                    + ": " + e.getMessage() + "; correct --dsn");
        }
    }

    private Map<String, Object> document() throws SQLException, ConfigException {
        if (!one("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").equals("t")) {
            throw new ConfigException("the user " + one("SELECT current_user")
                    + " is no superuser: name one in --dsn, for only a superuser sees all settings");
        }
        Map<String, String> settings = settings();
        String data = setting("data_directory");
        Map<String, Object> local = new LinkedHashMap<>();
        Map<String, Object> shared = new LinkedHashMap<>();
        settings.forEach((name, value) -> (LOCAL.contains(name) ? local : shared).put(name, value));

        Map<String, Object> document = new LinkedHashMap<>();
        String cluster = setting("cluster_name");
        document.put("scope", cluster.isEmpty() ? FIXME : cluster);
        document.put("name", host);
        document.put("restapi", Map.of("listen", address + ":8008", "connect_address", address + ":8008"));
        document.put("etcd3", Map.of("hosts", List.of(FIXME)));
        Map<String, Object> dcs = new LinkedHashMap<>();
        dcs.put("ttl", 30);
        dcs.put("loop_wait", 10);
        dcs.put("retry_timeout", 10);
        dcs.put("postgresql", ordered("use_pg_rewind", true, "parameters", shared));
        document.put("bootstrap", Map.of("dcs", dcs));
        document.put("postgresql", postgresql(data, local));
        document.put("tags", ordered("failover_priority", 1, "noloadbalance", false, "clonefrom", true));
        return document;
    }

    private Map<String, Object> postgresql(String data, Map<String, Object> parameters) throws SQLException {
        Map<String, Object> section = new LinkedHashMap<>();
        section.put("listen", setting("listen_addresses") + ":" + setting("port"));
        section.put("connect_address", address + ":" + setting("port"));
        section.put("data_dir", data);
        String conf = setting("config_file");
        String confDir = conf.substring(0, Math.max(0, conf.lastIndexOf('/')));
        if (!confDir.isEmpty() && !confDir.equals(data)) {
            section.put("config_dir", confDir);
        }
        String bin = one("SELECT setting FROM pg_config WHERE name = 'BINDIR'");
        if (!bin.isEmpty()) {
            section.put("bin_dir", bin);
        }
        section.put(
                "authentication",
                ordered(
                        "superuser", ordered("username", one("SELECT current_user"), "password", password),
                        "replication", ordered("username", "replicator", "password", FIXME),
                        "rewind", ordered("username", "rewind_user", "password", FIXME)));
        rules("hba_file", "pg_hba", confDir + "/pg_hba.conf", section, parameters);
        rules("ident_file", "pg_ident", confDir + "/pg_ident.conf", section, parameters);
        if (!parameters.isEmpty()) {
            section.put("parameters", parameters);
        }
        return section;
    }

    /** The rules themselves if the file is in its usual place; else where it is. */
    private void rules(
            String setting, String key, String usual, Map<String, Object> section, Map<String, Object> parameters)
            throws SQLException {
        String file = setting(setting);
        if (!file.equals(usual)) {
            parameters.put(setting, file);
            return;
        }
        List<String> lines = one("SELECT pg_read_file(current_setting('" + setting + "'))")
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .map(line -> line.replaceAll("[ \\t]+", " "))
                .toList();
        if (!lines.isEmpty()) {
            section.put(key, new ArrayList<>(lines));
        }
    }

    /** What somebody set, in a file or on the command line; not what this connection brought along. */
    private Map<String, String> settings() throws SQLException {
        Map<String, String> settings = new LinkedHashMap<>();
        try (PreparedStatement query = server.prepareStatement(
                        "SELECT name, current_setting(name) FROM pg_settings WHERE context <> 'internal'"
                                + " AND source IN ('configuration file', 'command line', 'environment variable')"
                                + " ORDER BY name");
                ResultSet rows = query.executeQuery()) {
            while (rows.next()) {
                String name = rows.getString(1).toLowerCase(Locale.ROOT);
                if (!ELSEWHERE.contains(name)) {
                    settings.put(name, rows.getString(2));
                }
            }
        }
        return settings;
    }

    private String setting(String name) throws SQLException {
        return one("SELECT current_setting('" + name + "')");
    }

    private String one(String sql) throws SQLException {
        try (PreparedStatement query = server.prepareStatement(sql);
                ResultSet rows = query.executeQuery()) {
            return rows.next() ? Optional.ofNullable(rows.getString(1)).orElse("") : "";
        }
    }

    private static Map<String, Object> ordered(Object... keysAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }
}
