package org.pgregent.pg;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
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
    /** pg_rewind recovers a crashed target by itself, and has --restore-target-wal. */
    REWIND_ENSURES_SHUTDOWN(13),
    WAL_STATUS_OF_SLOTS(13),
    SSLPASSWORD(13),
    CHANNEL_BINDING(13),
    /** in_hot_standby is reported to every client. */
    IN_HOT_STANDBY(14),
    SSLCRLDIR(14),
    RESTORE_COMMAND_RELOADABLE(14),
    /** password_encryption is scram-sha-256 unless configured. */
    SCRAM_BY_DEFAULT(14),
    /** pg_rewind --config-file. */
    REWIND_CONFIG_FILE(15),
    /** An in-progress backup cannot be taken for a crashed primary any more: backup_label stands for a copy. */
    BACKUP_LABEL_MEANS_COPY(15),
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
                throw new PostgresException(
                        "the data folder " + dataDir + " is of PostgreSQL " + text + ": only " + OLDEST + " and later are served");
            }
            return major;
        } catch (IOException e) {
            throw new PostgresException("cannot read " + file + ": " + e.getMessage(), e);
        } catch (NumberFormatException e) {
            throw new PostgresException(file + " does not hold a version number", e);
        }
    }

    /** Such as 15 of {@code postgres (PostgreSQL) 15.18 (Debian 15.18-0)}. */
    static OptionalInt ofBanner(String banner) {
        java.util.regex.Matcher m =
                java.util.regex.Pattern.compile("\\(PostgreSQL\\) (\\d+)").matcher(banner);
        return m.find() ? OptionalInt.of(Integer.parseInt(m.group(1))) : OptionalInt.empty();
    }
}
