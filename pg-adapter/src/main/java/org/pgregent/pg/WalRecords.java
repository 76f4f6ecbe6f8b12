package org.pgregent.pg;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.Timeline;
import org.pgregent.core.port.PostgresException;

/** Where a record of the WAL ends; pg_waldump tells its length, the layout of pages does the rest. */
final class WalRecords {

    /** XLogPageHeaderData and XLogLongPageHeaderData, src/include/access/xlog_internal.h, the same in 12 to 18. */
    private static final int SHORT_HEADER = 24;

    private static final int LONG_HEADER = 40;
    private static final int ALIGNMENT = 8;
    private static final Pattern LENGTH = Pattern.compile("len \\(rec/tot\\):\\s*\\d+/\\s*(\\d+)");

    private final Programs programs;
    private final Path dataDir;

    WalRecords(Programs programs, Path dataDir) {
        this.programs = programs;
        this.dataDir = dataDir;
    }

    /** The first position after the record that starts there. */
    Lsn endOf(Timeline timeline, Lsn start, ControlData.Listing control, Deadline deadline)
            throws PostgresException, InterruptedException {
        List<String> command = List.of(
                programs.find("pg_waldump").toString(),
                "-p",
                dataDir.resolve("pg_wal").toString(),
                "-t",
                timeline.toString(),
                "-s",
                start.toString(),
                "-n",
                "1");
        Commands.Result result =
                Commands.run(command, Commands.IN_ENGLISH, deadline).orThrow();
        for (String line : result.lines()) {
            Matcher m = LENGTH.matcher(line);
            if (m.find()) {
                return end(
                        start,
                        Long.parseLong(m.group(1)),
                        control.number("WAL block size"),
                        control.number("Bytes per WAL segment"));
            }
        }
        throw new PostgresException("pg_waldump told no length of the record at " + start + ": " + result.lastWords());
    }

    /** A record goes on after the header of the next page; its end is aligned. */
    static Lsn end(Lsn start, long length, long pageSize, long segmentSize) {
        long position = start.bytes();
        long left = length;
        while (true) {
            long room = pageSize - Long.remainderUnsigned(position, pageSize);
            if (left <= room) {
                position += left;
                break;
            }
            left -= room;
            position += room;
            position += Long.remainderUnsigned(position, segmentSize) == 0 ? LONG_HEADER : SHORT_HEADER;
        }
        return new Lsn((position + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    }
}
