package org.pgregent.pg;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.pgregent.core.model.NodeName;

/**
 * What this node's own configuration says of its PostgreSQL.
 *
 * @param scope becomes cluster_name
 * @param database for the agent's own connections, and the one published
 * @param parameters the local GUCs; those the agent controls are ignored
 * @param pgHba the whole pg_hba.conf, if not empty
 * @param pgIdent the whole pg_ident.conf, if not empty
 * @param recoveryConf recovery settings of a standby, such as restore_command
 * @param customConf included instead of postgresql.base.conf
 * @param startTimeout {@code pg_ctl_timeout}, for starts that are given no other
 */
public record PgConfig(
        String scope,
        NodeName name,
        Network network,
        Folders folders,
        Authentication authentication,
        String database,
        SortedMap<String, String> parameters,
        List<String> pgHba,
        List<String> pgIdent,
        Map<String, String> recoveryConf,
        Bootstrap bootstrap,
        ToolOptions toolOptions,
        Optional<String> customConf,
        Duration startTimeout) {

    /** A place to connect to; an IPv6 address stands here without its brackets. */
    public record HostPort(String host, int port) {
        public HostPort {
            require(!host.isEmpty(), "a host must not be empty");
            require(port > 0 && port < 65536, "a port lies between 1 and 65535, not " + port);
        }
    }

    /**
     * @param listen {@code listen_addresses} as PostgreSQL takes it
     * @param connect where other members reach this one
     */
    public record Network(List<String> listen, int port, HostPort connect) {
        public Network {
            listen = List.copyOf(listen);
            require(!listen.isEmpty(), "postgresql.listen names no address");
            require(port > 0 && port < 65536, "a port lies between 1 and 65535, not " + port);
            requireNonNull(connect, "connect");
        }

        /** Where the agent itself connects. */
        public HostPort local() {
            boolean loopback = listen.stream().anyMatch(List.of("*", "localhost", "0.0.0.0", "127.0.0.1")::contains);
            return new HostPort(loopback ? "localhost" : listen.get(0), port);
        }
    }

    /**
     * @param configDir where postgresql.conf, pg_hba.conf and pg_ident.conf live; often the data folder itself
     * @param stateDir the agent's own folder for this data folder, private, on a disk that survives a restart
     * @param binDir where PostgreSQL's programs are; empty to look in PATH and the usual places
     * @param binNames other names for some of the programs
     * @param pgpass the file with passwords for programs; written by the agent
     */
    public record Folders(
            Path dataDir,
            Path configDir,
            Path stateDir,
            Optional<Path> binDir,
            Map<String, String> binNames,
            Path pgpass) {
        public Folders {
            require(dataDir.isAbsolute(), "postgresql.data_dir must be an absolute path, is '" + dataDir + "'");
            require(configDir.isAbsolute(), "postgresql.config_dir must be an absolute path, is '" + configDir + "'");
            require(stateDir.isAbsolute(), "the state folder must be an absolute path, is '" + stateDir + "'");
            require(!stateDir.startsWith(dataDir), "the state folder must not lie in the data folder");
            requireNonNull(binDir, "binDir");
            binNames = Map.copyOf(binNames);
            requireNonNull(pgpass, "pgpass");
        }
    }

    /**
     * A user and how it connects.
     *
     * @param options connection keys beside user and password, such as {@code sslmode}, by libpq's names
     */
    public record Credentials(String username, Optional<String> password, Map<String, String> options) {
        public Credentials {
            require(!username.isEmpty(), "a user name must not be empty");
            requireNonNull(password, "password");
            options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
        }

        /** The password stays out of logs. */
        @Override
        public String toString() {
            return username;
        }
    }

    /** The rewind user is the superuser when the configuration names none. */
    public record Authentication(Credentials superuser, Credentials replication, Credentials rewind) {
        public Authentication {
            requireNonNull(superuser, "superuser");
            requireNonNull(replication, "replication");
            requireNonNull(rewind, "rewind");
        }
    }

    /**
     * @param initdb options as {@code name} or {@code name=value}, without dashes
     * @param pgHba lines appended to initdb's pg_hba.conf when no other list is given
     */
    public record Bootstrap(List<String> initdb, List<String> pgHba) {
        private static final List<String> NOT_FOR_USERS = List.of("pgdata", "nosync", "pwfile", "sync-only", "version");

        public Bootstrap {
            initdb = List.copyOf(initdb);
            pgHba = List.copyOf(pgHba);
            refuse("initdb", initdb, NOT_FOR_USERS);
        }
    }

    /** Further options for programs, each as {@code name} or {@code name=value}, without dashes. */
    public record ToolOptions(List<String> basebackup, List<String> rewind) {
        private static final List<String> NOT_FOR_BASEBACKUP = List.of(
                "pgdata",
                "format",
                "wal-method",
                "xlog-method",
                "gzip",
                "version",
                "dbname",
                "host",
                "port",
                "username",
                "password");
        private static final List<String> NOT_FOR_REWIND = List.of(
                "target-pgdata",
                "source-pgdata",
                "source-server",
                "write-recovery-conf",
                "dry-run",
                "restore-target-wal",
                "config-file",
                "no-ensure-shutdown",
                "version",
                "help");

        public static final ToolOptions NONE = new ToolOptions(List.of(), List.of());

        public ToolOptions {
            basebackup = List.copyOf(basebackup);
            rewind = List.copyOf(rewind);
            refuse("pg_basebackup", basebackup, NOT_FOR_BASEBACKUP);
            refuse("pg_rewind", rewind, NOT_FOR_REWIND);
        }
    }

    public PgConfig {
        require(!scope.isEmpty(), "the scope must not be empty");
        requireNonNull(name, "name");
        requireNonNull(network, "network");
        requireNonNull(folders, "folders");
        requireNonNull(authentication, "authentication");
        require(!database.isEmpty(), "postgresql.database must not be empty");
        parameters = Collections.unmodifiableSortedMap(new TreeMap<>(parameters));
        pgHba = List.copyOf(pgHba);
        pgIdent = List.copyOf(pgIdent);
        recoveryConf = Collections.unmodifiableMap(new LinkedHashMap<>(recoveryConf));
        requireNonNull(bootstrap, "bootstrap");
        requireNonNull(toolOptions, "toolOptions");
        requireNonNull(customConf, "customConf");
        require(!startTimeout.isNegative(), "postgresql.pg_ctl_timeout must not be negative");
    }

    Path dataDir() {
        return folders.dataDir();
    }

    private static void refuse(String program, List<String> options, List<String> forbidden) {
        for (String option : options) {
            String bare = option.contains("=") ? option.substring(0, option.indexOf('=')) : option;
            require(
                    !forbidden.contains(bare),
                    "the option '" + bare + "' of " + program + " is not for the configuration to set");
        }
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
