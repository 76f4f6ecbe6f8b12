package org.pgregent.pg;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgregent.core.model.Upstream;
import org.pgregent.core.port.PostgresException;
import org.pgregent.pg.PgConfig.Credentials;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes a folder back to where the leader's history and its own parted. */
final class PgRewind {

    private static final Logger LOG = LoggerFactory.getLogger(PgRewind.class);
    private static final Duration POLL = Duration.ofMillis(200);

    private volatile PgConfig config;
    private final DataFolder folder;
    private final Programs programs;
    private final PgConfigFiles files;
    private final PgPass passwords;
    private final Connections connections;

    PgRewind(
            PgConfig config,
            DataFolder folder,
            Programs programs,
            PgConfigFiles files,
            PgPass passwords,
            Connections connections) {
        this.config = config;
        this.folder = folder;
        this.programs = programs;
        this.files = files;
        this.passwords = passwords;
        this.connections = connections;
    }

    /** For the next time. */
    void reconfigure(PgConfig changed) {
        config = changed;
    }

    /** The folder must be stopped. What it had of configuration it has again afterwards, for pg_rewind copies the source's. */
    void run(Upstream leader, Deadline deadline) throws PostgresException, InterruptedException {
        int major = PgVersions.ofFolder(config.dataDir());
        passwords.write(leader);
        awaitCheckpoint(leader, deadline);
        Map<Path, String> own = files.contents();
        List<String> command = command(leader, major);
        LOG.info("rewinding {} to the history of {}", config.dataDir(), leader.name());
        folder.beginRewinding();
        try {
            Commands.Result result =
                    Commands.run(command, passwords.environment(), deadline).orThrow();
            LOG.info("pg_rewind: {}", result.lastWords());
        } finally {
            files.restore(own);
        }
        folder.rewound();
    }

    /**
     * A folder whose rewinding was interrupted must not be started: readers would see a mixture, and recovery may fail or, worse,
     * not. pg_rewind may be run again on it, for what tells it where to begin is written last; once that is written, all that is
     * missing is the disk's word.
     */
    void requireWhole(ControlData controlData, Deadline deadline) throws PostgresException, InterruptedException {
        if (!folder.isHalfRewound()) {
            return;
        }
        if (!controlData.read(deadline).state().equals("in archive recovery")) {
            throw new PostgresException(
                    "pg_rewind was interrupted in " + config.dataDir()
                            + ", which is not started like this: it is rewound again when there is a leader; or reinitialise this node");
        }
        Commands.run(
                        List.of(
                                programs.find("initdb").toString(),
                                "--sync-only",
                                "-D",
                                config.dataDir().toString()),
                        Map.of(),
                        deadline)
                .orThrow();
        folder.rewound();
    }

    private List<String> command(Upstream leader, int major) throws PostgresException {
        List<String> command = new ArrayList<>(List.of(
                programs.find("pg_rewind").toString(),
                "-D",
                config.dataDir().toString(),
                "--source-server",
                ConnInfo.of(leader, user(), config.name().value(), Optional.empty(), major)));
        boolean configElsewhere = !config.folders().configDir().equals(config.dataDir());
        boolean knowsConfigFile = PgVersions.REWIND_CONFIG_FILE.isIn(major);
        boolean restores = files.value("restore_command").isPresent() && PgVersions.REWIND_RESTORES_WAL.isIn(major);
        if (restores && (!configElsewhere || knowsConfigFile)) {
            command.add("--restore-target-wal");
        }
        if (configElsewhere && knowsConfigFile) {
            command.add("--config-file=" + files.conf());
        }
        config.toolOptions().rewind().forEach(option -> command.add("--" + option));
        return command;
    }

    private Credentials user() {
        return config.authentication().rewind();
    }

    /**
     * Until the first checkpoint after a promotion the leader's pg_control names the old timeline, and pg_rewind believes that
     * nothing has parted. A superuser asks for the checkpoint, another waits for it.
     */
    private void awaitCheckpoint(Upstream leader, Deadline deadline) throws PostgresException, InterruptedException {
        while (!hasCheckpoint(leader, deadline)) {
            deadline.require("waiting for the checkpoint of " + leader.name() + " before rewinding");
            deadline.pause(POLL);
        }
    }

    private boolean hasCheckpoint(Upstream leader, Deadline deadline) throws PostgresException {
        try (Connection connection = connections.remote(leader, user(), deadline);
                Statement statement = connection.createStatement()) {
            Connections.limit(connection, deadline);
            if ("t".equals(LocalSql.text(statement, "SELECT pg_is_in_recovery()"))) {
                throw new PostgresException("cannot rewind to " + leader.name() + ": it is in recovery itself");
            }
            boolean done = "t"
                    .equals(LocalSql.text(
                            statement,
                            "SELECT timeline_id = ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int"
                                    + " FROM pg_control_checkpoint()"));
            if (!done && "on".equals(LocalSql.text(statement, "SHOW is_superuser"))) {
                statement.execute("CHECKPOINT");
            }
            return done;
        } catch (SQLException e) {
            throw Connections.failure(
                    "cannot ask " + leader.name() + " as user " + user().username() + " for its last checkpoint", e);
        }
    }
}
