package org.pgregent.pg;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.pgregent.core.model.PostgresView.Control;
import org.pgregent.core.port.PostgresException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings a crashed folder to a clean end without letting anybody in. */
final class CrashRecovery {

    private static final Logger LOG = LoggerFactory.getLogger(CrashRecovery.class);

    private final Programs programs;
    private final Path dataDir;
    private final PgConfigFiles files;
    private final ControlData controlData;

    CrashRecovery(Programs programs, Path dataDir, PgConfigFiles files, ControlData controlData) {
        this.programs = programs;
        this.dataDir = dataDir;
        this.files = files;
        this.controlData = controlData;
    }

    /** @param controlled the command line's parameters, in which a standby must not have less than its primary had */
    void run(Map<String, String> controlled, Deadline deadline) throws PostgresException, InterruptedException {
        Control control = controlData.read(deadline);
        if (control.cleanlyShutDown()) {
            return;
        }
        if (Files.exists(dataDir.resolve("backup_label"))) {
            // A copy or a rewound folder: what it lacks to be consistent is in the WAL of where it came from, so it can
            // only go on as a standby. (Before PostgreSQL 15 it may also be a primary that crashed in an exclusive
            // backup.)
            LOG.info("no single-user recovery of {}, it has a backup_label: it goes on as a standby", dataDir);
            signal(true);
            return;
        }
        // With a standby signal single-user mode would refuse to start.
        signal(false);
        LOG.info("recovering {} in single-user mode, it was '{}'", dataDir, control.state());
        Commands.run(command(controlled), Commands.IN_ENGLISH, deadline).orThrow();
        Control after = controlData.read(deadline);
        if (!after.cleanlyShutDown()) {
            throw new PostgresException("single-user recovery ended and left the folder '" + after.state() + "'");
        }
    }

    private void signal(boolean standby) throws PostgresException {
        try {
            RecoveryFiles.signal(dataDir, standby);
        } catch (IOException e) {
            throw new PostgresException("cannot change the standby signal: " + DataFolder.reason(e), e);
        }
    }

    private List<String> command(Map<String, String> controlled) throws PostgresException {
        List<String> command =
                new ArrayList<>(List.of(programs.find("postgres").toString(), "--single", "-D", dataDir.toString()));
        if (Files.exists(files.conf())) {
            command.add("--config-file=" + files.conf());
        }
        command.addAll(Gucs.arguments(controlled));
        // Files of WAL stay marked as ready: what to archive is for the server that starts next to say.
        command.addAll(List.of("--archive_mode=on", "--archive_command=false", "template1"));
        return command;
    }
}
