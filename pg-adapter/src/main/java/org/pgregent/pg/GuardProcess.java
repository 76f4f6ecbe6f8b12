package org.pgregent.pg;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.pgregent.core.model.GuardView;
import org.pgregent.core.port.Deadman;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The guard as a process in a session of its own: a bash script (resource {@code guard.sh}, whose head tells its side). It
 * outlives this agent on purpose; the next agent of the same state folder takes it over.
 */
public final class GuardProcess implements Deadman, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(GuardProcess.class);
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final Duration POLL = Duration.ofMillis(5);

    private final PgConfig config;
    private final Path folder;
    private ProcFs.Stat guard;
    private GuardPipe pipe;
    private Optional<Long> deadlineNanos = Optional.empty();

    public GuardProcess(PgConfig config) {
        this.config = config;
        this.folder = config.folders().stateDir().resolve("guard");
    }

    /** A guard that was stopped (SIGSTOP) lives and guards nothing. */
    @Override
    public synchronized GuardView observe() {
        return isOnDuty() ? new GuardView(true, deadlineNanos) : GuardView.ABSENT;
    }

    private boolean isOnDuty() {
        return pipe != null
                && !pipe.isStuck()
                && ProcFs.stat(guard.pid())
                        .filter(now -> now.startTicks() == guard.startTicks() && now.isAlive() && !now.isStopped())
                        .isPresent();
    }

    @Override
    public synchronized boolean ensure(Duration timeout) {
        Deadline deadline = Deadline.in(timeout);
        try {
            if (isOnDuty() && ask("ping", "", deadline).isPresent()) {
                return true;
            }
            disconnect();
            Optional<ProcFs.Stat> former = former();
            if (former.isPresent()) {
                Deadline half = deadline.atMost(deadline.left().dividedBy(2));
                if (connect(former.get(), half)) {
                    LOG.info("took over the guard {}, {}", former.get().pid(), describe());
                    return true;
                }
                LOG.warn(
                        "the guard {} does not answer: replacing it",
                        former.get().pid());
                replace(former.get(), deadline);
            }
            return start(deadline);
        } catch (IOException e) {
            LOG.warn("no guard: {}", DataFolder.reason(e));
            disconnect();
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private String describe() {
        return deadlineNanos
                .map(nanos -> "armed for " + nanos / NANOS_PER_MILLI + " ms of uptime")
                .orElse("not armed");
    }

    @Override
    public synchronized boolean arm(long newDeadlineNanos, Duration killMargin, Duration timeout) {
        // Both rounded to the safe side.
        long deadlineMillis = Math.floorDiv(newDeadlineNanos, NANOS_PER_MILLI);
        long marginMillis = (killMargin.toNanos() + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI;
        Optional<GuardPipe.Answer> answer =
                tell("deadline", " " + deadlineMillis + " " + marginMillis, Deadline.in(timeout));
        return answer.filter(GuardPipe.Answer::agreed).isPresent();
    }

    @Override
    public synchronized boolean disarm(Duration timeout) {
        // Told so or not, from here on nobody may count on the former deadline.
        deadlineNanos = Optional.empty();
        return tell("disarm", "", Deadline.in(timeout))
                .filter(GuardPipe.Answer::agreed)
                .isPresent();
    }

    @Override
    public synchronized void quit(Duration timeout) {
        Deadline deadline = Deadline.in(timeout);
        if (tell("quit", "", deadline).isPresent()) {
            try {
                while (ProcFs.isAlive(guard) && !deadline.hasPassed()) {
                    deadline.pause(POLL);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        disconnect();
    }

    private Optional<GuardPipe.Answer> tell(String verb, String arguments, Deadline deadline) {
        if (!isOnDuty()) {
            return Optional.empty();
        }
        try {
            return ask(verb, arguments, deadline);
        } catch (IOException e) {
            LOG.warn("the guard cannot be told: {}", DataFolder.reason(e));
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private Optional<GuardPipe.Answer> ask(String verb, String arguments, Deadline deadline)
            throws IOException, InterruptedException {
        ProcFs.Stat asked = guard;
        Optional<GuardPipe.Answer> answer = pipe.ask(verb, arguments, deadline, () -> ProcFs.isAlive(asked));
        answer.ifPresent(said -> deadlineNanos = said.deadlineMillis().map(millis -> millis * NANOS_PER_MILLI));
        return answer;
    }

    /** The living guard that the pid file names, be it an earlier agent's. */
    private Optional<ProcFs.Stat> former() throws IOException {
        Path file = folder.resolve("pid");
        if (guardsAnotherFolder()) {
            return Optional.empty();
        }
        String[] parts;
        try {
            parts = Files.readString(file).trim().split(" ");
        } catch (NoSuchFileException noneOrJustStarting) {
            // A guard that starts removes what the one before it left.
            return Optional.empty();
        }
        if (parts.length != 2 || !parts[0].matches("\\d{1,18}")) {
            return Optional.empty();
        }
        return ProcFs.stat(Long.parseLong(parts[0]))
                .filter(ProcFs.Stat::isAlive)
                .filter(stat -> Long.toString(stat.startTicks()).equals(parts[1]));
    }

    /** Then it is left alone: it does for the other folder what it was told, and leaves when that is done. */
    private boolean guardsAnotherFolder() throws IOException {
        Path file = folder.resolve("guarded");
        return Files.exists(file) && !Files.readString(file).equals(guarded());
    }

    private String guarded() {
        return config.dataDir() + "\n";
    }

    private boolean connect(ProcFs.Stat process, Deadline deadline) throws IOException, InterruptedException {
        guard = process;
        pipe = new GuardPipe(folder);
        if (ask("ping", "", deadline).isPresent()) {
            return true;
        }
        disconnect();
        return false;
    }

    private void replace(ProcFs.Stat former, Deadline deadline) throws InterruptedException {
        PgProcess.kill(former);
        while (ProcFs.isAlive(former) && !deadline.hasPassed()) {
            deadline.pause(POLL);
        }
    }

    private boolean start(Deadline deadline) throws IOException, InterruptedException {
        AtomicFiles.makePrivateFolder(folder);
        Path script = stage();
        AtomicFiles.write(folder.resolve("guarded"), guarded(), AtomicFiles.PRIVATE_FILE);
        File log = folder.resolve("guard.log").toFile();
        String server = new Programs(config.folders().binDir(), config.folders().binNames()).serverName();
        ProcessBuilder builder = new ProcessBuilder(List.of(
                        "setsid",
                        "bash",
                        script.toString(),
                        folder.toString(),
                        config.dataDir().toString(),
                        server))
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(log);
        // Nothing of the agent's environment is its business; BASH_ENV for one would be run.
        builder.environment().keySet().retainAll(Set.of("PATH"));
        Process process = builder.start();
        while (!isReady(process.pid())) {
            if (!process.isAlive() || deadline.hasPassed()) {
                process.destroyForcibly();
                LOG.warn("the guard did not start; see {}", log);
                return false;
            }
            deadline.pause(POLL);
        }
        boolean answers =
                connect(former().orElseThrow(() -> new IOException("the guard ended at once; see " + log)), deadline);
        if (answers) {
            LOG.info("guard {} started", process.pid());
        }
        return answers;
    }

    private boolean isReady(long pid) throws IOException {
        return former().filter(stat -> stat.pid() == pid).isPresent();
    }

    /** A running bash reads its script as it goes, so a former guard's copy is never written over. */
    private Path stage() throws IOException {
        Path script = folder.resolve("guard.sh");
        Path draft = folder.resolve("guard.sh.new");
        try (InputStream resource = GuardProcess.class.getResourceAsStream("guard.sh")) {
            if (resource == null) {
                throw new IOException("this program's archive lacks guard.sh");
            }
            Files.copy(resource, draft, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.setPosixFilePermissions(draft, AtomicFiles.PRIVATE_FOLDER);
        return Files.move(draft, script, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private void disconnect() {
        if (pipe != null) {
            pipe.close();
        }
        pipe = null;
        guard = null;
        deadlineNanos = Optional.empty();
    }

    /** Lets go of the guard; it goes on, with the deadline it has. */
    @Override
    public synchronized void close() {
        disconnect();
    }
}
