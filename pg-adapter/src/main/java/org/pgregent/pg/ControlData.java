package org.pgregent.pg;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.PostgresView.Control;
import org.pgregent.core.model.SystemId;
import org.pgregent.core.model.Timeline;
import org.pgregent.core.port.PostgresException;

/** Asks pg_controldata, again only when the file has changed. Safe for use by many threads. */
final class ControlData {

    /**
     * A file system notes times in steps: two writes within one look like one. Only what is older than this is surely the
     * last.
     */
    private static final long SETTLED_MILLIS = 100;

    private final Programs programs;
    private final Path dataDir;
    private final Path file;
    private Listing cached;
    private FileTime cachedTime;
    private boolean cachedSettled;
    private long cachedNanos;

    ControlData(Programs programs, Path dataDir) {
        this.programs = programs;
        this.dataDir = dataDir;
        this.file = dataDir.resolve("global/pg_control");
    }

    /** What the program printed, by its own words. */
    record Listing(Map<String, String> lines) {

        Listing {
            lines = Map.copyOf(lines);
        }

        static Listing parse(List<String> output) {
            Map<String, String> lines = new HashMap<>();
            for (String line : output) {
                int colon = line.indexOf(':');
                if (colon > 0) {
                    String key = line.substring(0, colon);
                    lines.put(
                            key.startsWith("Current ") ? key.substring(8) : key,
                            line.substring(colon + 1).trim());
                }
            }
            return new Listing(lines);
        }

        Control control() throws PostgresException {
            try {
                Lsn minRecoveryEnd = Lsn.parse(get("Minimum recovery ending location"));
                long minRecoveryTimeline = Long.parseLong(get("Min recovery ending loc's timeline"));
                return new Control(
                        new SystemId(get("Database system identifier")),
                        get("Database cluster state"),
                        Lsn.parse(get("Latest checkpoint location")),
                        new Timeline(Long.parseLong(get("Latest checkpoint's TimeLineID"))),
                        Optional.of(minRecoveryEnd).filter(lsn -> !lsn.isZero()),
                        Optional.of(minRecoveryTimeline).filter(n -> n > 0).map(Timeline::new),
                        get("wal_log_hints setting").equals("on") || number("Data page checksum version") > 0);
            } catch (IllegalArgumentException e) {
                throw new PostgresException("pg_controldata said something unexpected: " + e.getMessage(), e);
            }
        }

        String get(String key) throws PostgresException {
            String value = lines.get(key);
            if (value == null) {
                throw new PostgresException("pg_controldata did not tell the '" + key + "'");
            }
            return value;
        }

        long number(String key) throws PostgresException {
            try {
                return Long.parseLong(get(key));
            } catch (NumberFormatException e) {
                throw new PostgresException("pg_controldata told no number for the '" + key + "'", e);
            }
        }
    }

    Control read(Deadline deadline) throws PostgresException, InterruptedException {
        return listing(deadline, Duration.ZERO).control();
    }

    /** The whole listing; one that was made no longer than {@code age} ago will do, for on a busy server the file changes all the time. */
    synchronized Listing listing(Deadline deadline, Duration age) throws PostgresException, InterruptedException {
        FileTime time = modified();
        if (cached != null
                && (time.equals(cachedTime) && cachedSettled || System.nanoTime() - cachedNanos < age.toNanos())) {
            return cached;
        }
        cachedSettled = System.currentTimeMillis() - time.toMillis() > SETTLED_MILLIS;
        List<String> command = List.of(programs.find("pg_controldata").toString(), dataDir.toString());
        cached = Listing.parse(
                Commands.run(command, Commands.IN_ENGLISH, deadline).orThrow().lines());
        cachedTime = time;
        cachedNanos = System.nanoTime();
        return cached;
    }

    private FileTime modified() throws PostgresException {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            throw new PostgresException("cannot read " + file + ": " + DataFolder.reason(e), e);
        }
    }
}
