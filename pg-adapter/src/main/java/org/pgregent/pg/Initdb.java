package org.pgregent.pg;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgregent.core.port.PostgresException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes a data folder that other members can replicate from. */
final class Initdb {

    private static final Logger LOG = LoggerFactory.getLogger(Initdb.class);

    private final PgConfig config;
    private final Programs programs;
    private final DataFolder folder;
    private final Users users;

    Initdb(PgConfig config, Programs programs, DataFolder folder, Users users) {
        this.config = config;
        this.programs = programs;
        this.folder = folder;
        this.users = users;
    }

    void run(Deadline deadline) throws PostgresException, InterruptedException {
        Path initdb = programs.find("initdb");
        folder.beginFilling();
        Path passwordFile = config.folders().stateDir().resolve("initdb.pw");
        try {
            List<String> command = command(initdb, passwordFile);
            LOG.info("creating a new data folder {}", config.dataDir());
            // The locale of the new databases comes from the environment, so that is left as it is.
            Commands.run(command, Map.of(), deadline).orThrow();
            admitMembers();
            users.create(deadline);
            folder.finished();
        } catch (IOException e) {
            throw new PostgresException(
                    "cannot make the data folder " + config.dataDir() + ": " + DataFolder.reason(e), e);
        } finally {
            delete(passwordFile);
        }
    }

    private List<String> command(Path initdb, Path passwordFile) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(initdb.toString(), "-D", config.dataDir().toString()));
        config.bootstrap().initdb().forEach(option -> command.add("--" + option));
        command.add("--username=" + config.authentication().superuser().username());
        Optional<String> password = config.authentication().superuser().password();
        if (password.isPresent()) {
            command.addAll(authentication());
            AtomicFiles.write(passwordFile, password.get() + "\n", AtomicFiles.PRIVATE_FILE);
            command.add("--pwfile=" + passwordFile);
        }
        return command;
    }

    /** initdb by itself would trust everybody on this machine; whoever wants that says so in its options. */
    private List<String> authentication() {
        boolean chosen = config.bootstrap().initdb().stream().anyMatch(option -> option.startsWith("auth"));
        return chosen ? List.of() : List.of("--auth-local=peer", "--auth-host=scram-sha-256");
    }

    /** A list of the user's own is appended, or replaces the file when the server is started first; otherwise a safe one is written. */
    private void admitMembers() throws IOException, PostgresException {
        Path file = config.dataDir().resolve("pg_hba.conf");
        if (!config.pgHba().isEmpty()) {
            return;
        }
        if (!config.bootstrap().pgHba().isEmpty()) {
            Files.writeString(
                    file, "\n" + String.join("\n", config.bootstrap().pgHba()) + "\n", StandardOpenOption.APPEND);
            return;
        }
        if (config.authentication().superuser().password().isEmpty()) {
            LOG.warn(
                    "postgresql.authentication.superuser has no password: {} stays as initdb made it, and admits no other node",
                    file);
            return;
        }
        int major = PgVersions.ofFolder(config.dataDir());
        AtomicFiles.write(file, String.join("\n", safeHba(config, major)) + "\n", AtomicFiles.modeIn(config.dataDir()));
    }

    /** Passwords everywhere; the replication user from everywhere, for nobody knows yet where the next member will be. */
    static List<String> safeHba(PgConfig config, int major) {
        String method = PgVersions.SCRAM_BY_DEFAULT.isIn(major) ? "scram-sha-256" : "md5";
        String replication =
                '"' + config.authentication().replication().username().replace("\"", "\"\"") + '"';
        return List.of(
                "# TYPE  DATABASE  USER  ADDRESS  METHOD",
                "local   all  all  " + method,
                "host    all  all  all  " + method,
                "local   replication  " + replication + "  " + method,
                "host    replication  " + replication + "  all  " + method);
    }

    private static void delete(Path passwordFile) throws PostgresException {
        try {
            Files.deleteIfExists(passwordFile);
        } catch (IOException e) {
            throw new PostgresException(
                    "delete " + passwordFile + " by hand, it holds a password: " + e.getMessage(), e);
        }
    }
}
