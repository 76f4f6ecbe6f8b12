package org.pgregent.pg;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The living processes of one data folder's server. They are known by what Linux tells of them, their program's name and
 * their current folder (every server process works in its data folder), and never by a pid in a file alone: that one may have
 * been taken by somebody else.
 */
final class ServerProcesses {

    private static final Logger LOG = LoggerFactory.getLogger(ServerProcesses.class);

    /** What the postmaster's children call themselves; the postmaster keeps its command line. */
    private static final String CHILD_TITLE = "postgres: ";

    private final Path dataDir;
    private final String serverName;

    ServerProcesses(Path dataDir, String serverName) {
        this.dataDir = dataDir;
        this.serverName = serverName;
    }

    /**
     * What lives.
     *
     * @param postmaster or a server in single-user mode
     * @param others the rest: its children, or what a dead postmaster left behind
     */
    record Living(Optional<ProcFs.Stat> postmaster, List<ProcFs.Stat> others) {
        Living {
            others = List.copyOf(others);
        }

        boolean isNone() {
            return postmaster.isEmpty() && others.isEmpty();
        }

        List<ProcFs.Stat> all() {
            List<ProcFs.Stat> all = new ArrayList<>(others);
            postmaster.ifPresent(all::add);
            return all;
        }
    }

    Living look() {
        List<ProcFs.Stat> servers = ProcFs.all().stream()
                .filter(stat -> stat.name().equals(serverName) && ProcFs.worksIn(stat.pid(), dataDir))
                .toList();
        Optional<ProcFs.Stat> postmaster = postmasterOf(servers);
        return new Living(
                postmaster,
                servers.stream()
                        .filter(stat -> !postmaster.equals(Optional.of(stat)))
                        .toList());
    }

    private Optional<ProcFs.Stat> postmasterOf(List<ProcFs.Stat> servers) {
        OptionalLong named = pidInFile();
        Optional<ProcFs.Stat> byFile = servers.stream()
                .filter(stat -> named.equals(OptionalLong.of(stat.pid())))
                .findFirst();
        if (byFile.isPresent()) {
            return byFile;
        }
        // The file may be missing: not written yet, or deleted by somebody.
        Set<Long> pids = servers.stream().map(ProcFs.Stat::pid).collect(Collectors.toSet());
        return servers.stream()
                .filter(stat -> !pids.contains(stat.parent()))
                .filter(stat -> !ProcFs.title(stat.pid()).startsWith(CHILD_TITLE))
                .findFirst();
    }

    boolean isOurs(ProcFs.Stat stat) {
        return stat.name().equals(serverName) && ProcFs.worksIn(stat.pid(), dataDir);
    }

    /** The first line of postmaster.pid; single-user mode writes it with a minus sign. */
    OptionalLong pidInFile() {
        Optional<List<String>> lines = lockFile();
        if (lines.isEmpty() || lines.get().isEmpty()) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Math.abs(Long.parseLong(lines.get().get(0).trim())));
        } catch (NumberFormatException e) {
            LOG.debug("postmaster.pid in {} holds no pid", dataDir, e);
            return OptionalLong.empty();
        }
    }

    /** The lines of postmaster.pid, if it is there. */
    Optional<List<String>> lockFile() {
        try {
            return Optional.of(Files.readAllLines(dataDir.resolve("postmaster.pid")));
        } catch (NoSuchFileException none) {
            return Optional.empty();
        } catch (IOException e) {
            LOG.debug("cannot read postmaster.pid in {}", dataDir, e);
            return Optional.empty();
        }
    }
}
