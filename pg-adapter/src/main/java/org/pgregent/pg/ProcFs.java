package org.pgregent.pg;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What Linux tells of processes; {@code man 5 proc}. */
final class ProcFs {

    private static final Path PROC = Path.of("/proc");

    private ProcFs() {}

    /**
     * A line of {@code /proc/PID/stat}.
     *
     * @param name the first 15 characters of the program's file name
     * @param state one letter
     * @param startTicks when it started; with the pid this names a process for as long as the machine is up
     */
    record Stat(long pid, String name, char state, long parent, long session, long startTicks) {

        /** A zombie holds its pid and nothing else. ProcessHandle would call it alive. */
        boolean isAlive() {
            return state != 'Z' && state != 'X' && state != 'x';
        }

        boolean isStopped() {
            return state == 'T' || state == 't';
        }

        String id() {
            return pid + ":" + startTicks;
        }
    }

    /** Empty if there is no such process. */
    static Optional<Stat> stat(long pid) {
        try {
            return Optional.of(parse(Files.readString(PROC.resolve(pid + "/stat"), StandardCharsets.ISO_8859_1)));
        } catch (IOException gone) {
            // ENOENT before the open and ESRCH after it both say that it has ended meanwhile.
            return Optional.empty();
        }
    }

    /** Whether that very process, not another one of the same pid, lives. */
    static boolean isAlive(Stat process) {
        return stat(process.pid())
                .filter(now -> now.startTicks() == process.startTicks() && now.isAlive())
                .isPresent();
    }

    /** The name may contain blanks and parentheses, so it ends at the last one. */
    static Stat parse(String line) {
        int open = line.indexOf('(');
        int close = line.lastIndexOf(')');
        if (open < 1 || close < open) {
            throw new IllegalArgumentException("not a line of /proc/PID/stat: '" + line + "'");
        }
        String[] rest = line.substring(close + 2).trim().split(" ");
        return new Stat(
                Long.parseLong(line.substring(0, open).trim()),
                line.substring(open + 1, close),
                rest[0].charAt(0),
                Long.parseLong(rest[1]),
                Long.parseLong(rest[3]),
                Long.parseLong(rest[19]));
    }

    /** All that live now, as far as they hold still while being looked at. */
    static List<Stat> all() {
        List<Stat> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path entry : entries) {
                stat(Long.parseLong(entry.getFileName().toString()))
                        .filter(Stat::isAlive)
                        .ifPresent(found::add);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list /proc", e);
        }
        return found;
    }

    /** Whether its current folder is this one; false also if we may not look, for then it is not ours. */
    static boolean worksIn(long pid, Path folder) {
        try {
            return Files.isSameFile(PROC.resolve(pid + "/cwd"), folder);
        } catch (IOException goneOrForeign) {
            return false;
        }
    }

    /** The command line, or the title a process gave itself; empty if it has none or we may not look. */
    static String title(long pid) {
        try {
            return Files.readString(PROC.resolve(pid + "/cmdline"), StandardCharsets.ISO_8859_1)
                    .replace('\0', ' ')
                    .trim();
        } catch (IOException goneOrForeign) {
            return "";
        }
    }

    /** Seconds since the machine started, sleep included, in the kernel's hundredths. */
    static long uptimeMillis() {
        try {
            String line = Files.readString(PROC.resolve("uptime"), StandardCharsets.ISO_8859_1);
            return parseUptime(line);
        } catch (NoSuchFileException e) {
            throw new UncheckedIOException("/proc is not mounted, and without it no safe time can be told", e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read /proc/uptime", e);
        }
    }

    static long parseUptime(String line) {
        String seconds = line.substring(0, line.indexOf(' '));
        int dot = seconds.indexOf('.');
        return Long.parseLong(seconds.substring(0, dot)) * 1000 + Long.parseLong(seconds.substring(dot + 1)) * 10;
    }
}
