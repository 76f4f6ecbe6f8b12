package org.pgregent.pg;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.pgregent.core.port.PostgresException;

/**
 * Which major version brought what this module makes use of; the only place that knows. Versions 12 to 18 are served; older
 * ones keep recovery settings in a file of their own and are refused.
 */
enum PgVersions {
    /** https://www.postgresql.org/docs/13/release-13.html: primary_conninfo and primary_slot_name change with a reload. */
    CONNINFO_RELOADABLE(13),
    /** wal_keep_segments became wal_keep_size. */
    WAL_KEEP_SIZE(13),
    /** pg_rewind --restore-target-wal. */
    REWIND_RESTORES_WAL(13),
    WAL_STATUS_OF_SLOTS(13),
    SSLPASSWORD(13),
    CHANNEL_BINDING(13),
    SSLCRLDIR(14),
    RESTORE_COMMAND_RELOADABLE(14),
    /** password_encryption is scram-sha-256 unless configured. */
    SCRAM_BY_DEFAULT(14),
    /** pg_rewind --config-file. */
    REWIND_CONFIG_FILE(15),
    SSLNEGOTIATION(17);

    static final int OLDEST = 12;

    private final int major;

    PgVersions(int major) {
        this.major = major;
    }

    boolean isIn(int serverMajor) {
        return serverMajor >= major;
    }

    /** The major version of a data folder. */
    static int ofFolder(Path dataDir) throws PostgresException {
        Path file = dataDir.resolve("PG_VERSION");
        try {
            String text = Files.readString(file).trim();
            int major = Integer.parseInt(text.contains(".") ? text.substring(0, text.indexOf('.')) : text);
            if (major < OLDEST) {
                throw new PostgresException("the data folder " + dataDir + " is of PostgreSQL " + text + ": only "
                        + OLDEST + " and later are served");
            }
            return major;
        } catch (IOException e) {
            throw new PostgresException("cannot read " + file + ": " + e.getMessage(), e);
        } catch (NumberFormatException e) {
            throw new PostgresException(file + " does not hold a version number", e);
        }
    }
}
