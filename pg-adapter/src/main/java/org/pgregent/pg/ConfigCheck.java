package org.pgregent.pg;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pgregent.core.port.PostgresException;

/**
 * Lets the server itself read a configuration file, without starting, and tell which parameters it does not know or take: one
 * that came from another version or by a slip of the hand must not keep it from starting.
 */
final class ConfigCheck {

    private static final Pattern COMPLAINT = Pattern.compile("(?:LOG|WARNING|ERROR|FATAL):.*parameter \"([^\"]+)\"");

    private final Programs programs;
    private final Path dataDir;

    ConfigCheck(Programs programs, Path dataDir) {
        this.programs = programs;
        this.dataDir = dataDir;
    }

    /** The names of the parameters it complains about; empty if it takes the file. */
    Set<String> complaints(Path file, Deadline deadline) throws PostgresException, InterruptedException {
        List<String> command = List.of(
                programs.find("postgres").toString(), "-D", dataDir.toString(), "--config-file=" + file, "-C", "port");
        Commands.Result result = Commands.run(command, Commands.IN_ENGLISH, deadline);
        return result.isSuccess() ? Set.of() : namesIn(result.lines());
    }

    static Set<String> namesIn(List<String> lines) {
        Set<String> names = new TreeSet<>();
        for (String line : lines) {
            Matcher m = COMPLAINT.matcher(line);
            if (m.find()) {
                names.add(m.group(1));
            }
        }
        return names;
    }
}
