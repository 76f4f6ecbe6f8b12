package org.pgregent.pg;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.pgregent.core.port.Postgres.StopMode;
import org.pgregent.core.port.PostgresException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts and stops the server's processes. */
final class PgProcess implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PgProcess.class);
    private static final Duration POLL = Duration.ofMillis(20);

    /** A postmaster gives its children 5 s before it kills them; whoever needs longer hangs. */
    private static final Duration QUIT_PATIENCE = Duration.ofSeconds(6);

    /** An orphan is reaped by process 1 when that finds time; measured: up to 1.8 s, or never. */
    private static final Duration REAP_PATIENCE = Duration.ofSeconds(3);

    private static final long LOG_LIMIT_BYTES = 16 << 20;

    private final Programs programs;
    private final Path dataDir;
    private final Path logFile;
    private final ServerProcesses processes;
    private final ExitWatcher watcher;
    private volatile ProcFs.Stat known;

    PgProcess(Programs programs, Path dataDir, Path stateDir) {
        this.programs = programs;
        this.dataDir = dataDir;
        this.logFile = stateDir.resolve("postmaster.log");
        this.processes = new ServerProcesses(dataDir, programs.serverName());
        this.watcher = new ExitWatcher(processes);
    }

    void onExit(Runnable hint) {
        watcher.onExit(hint);
    }

    /** The living postmaster, ours or found. */
    Optional<ProcFs.Stat> postmaster() {
        ProcFs.Stat mine = known;
        if (mine != null && ProcFs.isAlive(mine)) {
            return Optional.of(mine);
        }
        Optional<ProcFs.Stat> found = byFile();
        if (found.isEmpty()) {
            found = processes.look().postmaster();
        }
        found.ifPresent(this::remember);
        return found;
    }

    private Optional<ProcFs.Stat> byFile() {
        OptionalLong pid = processes.pidInFile();
        return pid.isEmpty()
                ? Optional.empty()
                : ProcFs.stat(pid.getAsLong()).filter(ProcFs.Stat::isAlive).filter(processes::isOurs);
    }

    private void remember(ProcFs.Stat postmaster) {
        known = postmaster;
        watcher.watch(postmaster);
    }

    /** Whether anything of it lives, be it without a postmaster. */
    boolean isAnyAlive() {
        ProcFs.Stat mine = known;
        return mine != null && ProcFs.isAlive(mine) || !processes.look().isNone();
    }

    void requireStopped(String purpose) throws PostgresException {
        if (isAnyAlive()) {
            throw new PostgresException(
                    "PostgreSQL of " + dataDir + " is running: it must be stopped before " + purpose);
        }
    }

    /** What postmaster.pid says of the server's state: starting, stopping, ready, standby; empty if nothing. */
    String announcedState() {
        return processes
                .lockFile()
                .filter(lines -> lines.size() >= 8)
                .map(lines -> lines.get(7).trim())
                .orElse("");
    }

    /** Returns as soon as the process is there; it has said nothing yet. */
    void start(List<String> arguments, Deadline deadline) throws PostgresException, InterruptedException {
        clearTheWay(deadline);
        List<String> command =
                new ArrayList<>(List.of("setsid", programs.find("postgres").toString()));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile.toFile()));
        ChildEnvironment.cleanForServer(builder.environment());
        // A session of its own: a signal to the agent's process group must not end the server.
        try {
            rotateLog();
            Process process = builder.start();
            ProcFs.stat(process.pid()).ifPresent(this::remember);
            LOG.info("postmaster {} started", process.pid());
        } catch (IOException e) {
            throw new PostgresException("cannot start " + command.get(1) + ": " + DataFolder.reason(e), e);
        }
    }

    private void rotateLog() throws IOException {
        if (Files.exists(logFile) && Files.size(logFile) > LOG_LIMIT_BYTES) {
            Files.move(logFile, logFile.resolveSibling("postmaster.log.1"), StandardCopyOption.REPLACE_EXISTING);
        }
        if (!Files.exists(logFile)) {
            Files.createFile(logFile, PosixFilePermissions.asFileAttribute(AtomicFiles.PRIVATE_FILE));
        }
    }

    /** The end of what the server said before it had, or without having, a log of its own. */
    String lastWords() {
        try {
            List<String> lines = Files.readAllLines(logFile, java.nio.charset.StandardCharsets.ISO_8859_1);
            List<String> last = lines.subList(Math.max(0, lines.size() - 4), lines.size());
            return String.join(" | ", last) + " (more in " + logFile + ")";
        } catch (IOException e) {
            return "(and its output cannot be read: " + e.getMessage() + ")";
        }
    }

    /**
     * Ends what a dead postmaster left, and removes its lock files where PostgreSQL would not: it takes a zombie, and any other
     * process that has got the pid since, for the old postmaster.
     */
    void clearTheWay(Deadline deadline) throws PostgresException, InterruptedException {
        ServerProcesses.Living living = processes.look();
        if (living.postmaster().isPresent()) {
            throw new PostgresException("a postmaster of " + dataDir + " is running already");
        }
        for (ProcFs.Stat orphan : living.others()) {
            kill(orphan);
        }
        awaitNone(deadline);
        Optional<List<String>> lock = processes.lockFile();
        OptionalLong pid = processes.pidInFile();
        if (lock.isEmpty() || pid.isEmpty() || ProcFs.stat(pid.getAsLong()).isEmpty()) {
            return;
        }
        Deadline patience = deadline.atMost(REAP_PATIENCE);
        while (ProcFs.stat(pid.getAsLong()).filter(stat -> !stat.isAlive()).isPresent() && !patience.hasPassed()) {
            patience.pause(POLL);
        }
        if (ProcFs.stat(pid.getAsLong()).isPresent()) {
            removeLocks(lock.get(), pid.getAsLong());
        }
    }

    /** Only after it is sure that no process of this folder lives. */
    private void removeLocks(List<String> lock, long pid) throws PostgresException {
        LOG.info("removing postmaster.pid of the dead postmaster {}, whose pid is still taken", pid);
        try {
            Files.deleteIfExists(dataDir.resolve("postmaster.pid"));
            if (lock.size() >= 5 && !lock.get(4).isBlank()) {
                Path socket =
                        Path.of(lock.get(4).trim(), ".s.PGSQL." + lock.get(3).trim() + ".lock");
                if (Files.exists(socket)
                        && Files.readAllLines(socket).get(0).trim().equals(Long.toString(pid))) {
                    Files.delete(socket);
                }
            }
        } catch (IOException e) {
            throw new PostgresException(
                    "cannot remove the lock files of a dead postmaster: " + DataFolder.reason(e), e);
        }
    }

    /** Returns when no process of it lives. Immediate stops end in SIGKILL for whoever does not listen. */
    void stop(StopMode mode, Deadline deadline) throws PostgresException, InterruptedException {
        Optional<ProcFs.Stat> postmaster = postmaster();
        if (postmaster.isPresent()) {
            signal(mode == StopMode.FAST ? "INT" : "QUIT", postmaster.get(), deadline);
            boolean gone = awaitEnd(postmaster.get(), mode == StopMode.FAST ? deadline : quitPatience(deadline));
            if (!gone && mode == StopMode.FAST) {
                throw new PostgresException("PostgreSQL was asked to stop and did not in time");
            }
        }
        // From here on nothing of it has a reason to live: the postmaster goes last, or hangs.
        while (isAnyAlive()) {
            deadline.require("stopping PostgreSQL: killed what hangs");
            processes.look().all().forEach(PgProcess::kill);
            ProcFs.Stat mine = known;
            if (mine != null) {
                kill(mine);
            }
            deadline.pause(POLL);
        }
    }

    private static Deadline quitPatience(Deadline deadline) {
        Duration half = deadline.left().dividedBy(2);
        return deadline.atMost(half.compareTo(QUIT_PATIENCE) < 0 ? half : QUIT_PATIENCE);
    }

    private static boolean awaitEnd(ProcFs.Stat process, Deadline deadline) throws InterruptedException {
        while (ProcFs.isAlive(process)) {
            if (deadline.hasPassed()) {
                return false;
            }
            deadline.pause(POLL);
        }
        return true;
    }

    private void awaitNone(Deadline deadline) throws PostgresException, InterruptedException {
        while (!processes.look().isNone()) {
            deadline.require("waiting for the processes of a dead postmaster to end");
            deadline.pause(POLL);
        }
    }

    /** By PostgreSQL's own program, for Java itself can send two signals only. */
    void signal(String name, ProcFs.Stat process, Deadline deadline) throws PostgresException, InterruptedException {
        if (!ProcFs.isAlive(process)) {
            return;
        }
        List<String> command = List.of(programs.find("pg_ctl").toString(), "kill", name, Long.toString(process.pid()));
        Commands.Result result = Commands.run(command, Commands.IN_ENGLISH, deadline);
        if (ProcFs.isAlive(process)) {
            result.orThrow();
        }
    }

    /** SIGKILL, to that very process only. */
    static void kill(ProcFs.Stat process) {
        if (ProcFs.isAlive(process)) {
            ProcessHandle.of(process.pid()).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    @Override
    public void close() {
        watcher.close();
    }
}
