package org.pgregent.pg;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pgregent.core.model.Upstream;
import org.pgregent.core.port.PostgresException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Copies another node's data folder over a replication connection. */
final class BaseBackup {

    private static final Logger LOG = LoggerFactory.getLogger(BaseBackup.class);
    private static final int TRIES = 2;
    private static final Duration BETWEEN_TRIES = Duration.ofSeconds(5);
    private static final Pattern PERCENT = Pattern.compile("\\((\\d+)%\\)");

    private volatile PgConfig config;
    private final Programs programs;
    private final DataFolder folder;
    private final PgPass passwords;

    BaseBackup(PgConfig config, Programs programs, DataFolder folder, PgPass passwords) {
        this.config = config;
        this.programs = programs;
        this.folder = folder;
        this.passwords = passwords;
    }

    /** For the next time. */
    void reconfigure(PgConfig changed) {
        config = changed;
    }

    void run(Upstream source, Deadline deadline) throws PostgresException, InterruptedException {
        List<String> command = command(source);
        passwords.write(source);
        for (int attempt = 1; ; attempt++) {
            folder.beginFilling();
            LOG.info("copying the data of {} ({}:{})", source.name(), source.host(), source.port());
            Commands.Result result = Commands.run(command, passwords.environment(), deadline, new Progress());
            if (result.isSuccess()) {
                return;
            }
            if (attempt == TRIES || deadline.left().compareTo(BETWEEN_TRIES) <= 0) {
                result.orThrow();
            }
            LOG.warn("pg_basebackup failed, once more in {} s: {}", BETWEEN_TRIES.toSeconds(), result.lastWords());
            deadline.pause(BETWEEN_TRIES);
        }
    }

    private List<String> command(Upstream source) throws PostgresException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                programs.find("pg_basebackup").toString(),
                "--pgdata=" + config.dataDir(),
                "-X",
                "stream",
                "--progress"));
        command.add("--dbname="
                + ConnInfo.of(
                        source,
                        config.authentication().replication(),
                        config.name().value(),
                        Optional.empty(),
                        PgVersions.OLDEST));
        List<String> options = config.toolOptions().basebackup();
        // A spread checkpoint on an idle source lets the copy begin only minutes later.
        if (options.stream().noneMatch(option -> option.startsWith("checkpoint"))) {
            command.add("--checkpoint=fast");
        }
        options.forEach(option -> command.add("--" + option));
        return command;
    }

    /** Logs every tenth of the way. */
    private static final class Progress implements java.util.function.Consumer<String> {

        private int logged;

        @Override
        public void accept(String line) {
            Matcher m = PERCENT.matcher(line);
            if (m.find() && Integer.parseInt(m.group(1)) >= logged + 10) {
                logged = Integer.parseInt(m.group(1)) / 10 * 10;
                LOG.info("pg_basebackup: {} %", logged);
            }
        }
    }
}
