package org.pgregent.pg;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.pgregent.core.port.PostgresException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a program to its end. Each gets a session of its own, so that on timeout or interrupt it is ended together with all
 * that it started, however they are related.
 */
final class Commands {

    private static final int LINES_KEPT = 400;
    private static final int LINES_IN_MESSAGE = 6;
    private static final File NOTHING = new File("/dev/null");
    private static final Logger LOG = LoggerFactory.getLogger(Commands.class);

    /** How long a killed process may take to go: as a rule no time, and much of it while a disk does not answer. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** For programs whose words are read by this one. */
    static final Map<String, String> IN_ENGLISH = Map.of("LC_ALL", "C", "LANG", "C");

    private Commands() {}

    /** What a program left: its exit code and its last lines, of both its outputs. */
    record Result(String program, int exitCode, List<String> lines) {

        boolean isSuccess() {
            return exitCode == 0;
        }

        Result orThrow() throws PostgresException {
            if (!isSuccess()) {
                throw new PostgresException(program + " failed with exit code " + exitCode + ": " + lastWords());
            }
            return this;
        }

        /** In one line, for a message. */
        String lastWords() {
            List<String> last = lines.subList(Math.max(0, lines.size() - LINES_IN_MESSAGE), lines.size());
            return last.isEmpty() ? "(it said nothing)" : String.join(" | ", last);
        }
    }

    static Result run(List<String> command, Map<String, String> environment, Deadline deadline)
            throws PostgresException, InterruptedException {
        return run(command, environment, deadline, line -> {});
    }

    /** The consumer gets each line as it comes, on another thread. */
    static Result run(List<String> command, Map<String, String> environment, Deadline deadline, Consumer<String> onLine)
            throws PostgresException, InterruptedException {
        return run(command, environment, "", deadline, onLine);
    }

    /** @param input what the program reads; a few kilobytes at most, so that it fits into a pipe before it is read */
    static Result run(
            List<String> command,
            Map<String, String> environment,
            String input,
            Deadline deadline,
            Consumer<String> onLine)
            throws PostgresException, InterruptedException {
        String name = Path.of(command.get(0)).getFileName().toString();
        if (Thread.interrupted()) {
            throw new InterruptedException("before " + name + " was started");
        }
        List<String> inOwnSession = new ArrayList<>(List.of("setsid"));
        inOwnSession.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(inOwnSession)
                .redirectErrorStream(true)
                .redirectInput(input.isEmpty() ? Redirect.from(NOTHING) : Redirect.PIPE);
        ChildEnvironment.clean(builder.environment());
        builder.environment().putAll(environment);
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new PostgresException("cannot run " + command.get(0) + ": " + e.getMessage(), e);
        }
        Output output = new Output(process, onLine);
        output.start();
        try {
            if (!input.isEmpty()) {
                give(process, name, input);
            }
            if (!process.waitFor(deadline.leftMillis(), TimeUnit.MILLISECONDS)) {
                throw new PostgresException(name + " did not end in time and was killed; it said: "
                        + new Result(name, -1, output.lines()).lastWords());
            }
            // Whoever still holds the other end of the pipe is a straggler; its words are not worth waiting for.
            output.join(1000);
            return new Result(name, process.exitValue(), output.lines());
        } finally {
            endSession(process);
        }
    }

    private static void give(Process process, String name, String input) throws PostgresException {
        try (OutputStream in = process.getOutputStream()) {
            in.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new PostgresException(name + " did not read its input: " + e.getMessage(), e);
        }
    }

    /** Kills all of the program's session and returns when none of it lives. */
    private static void endSession(Process process) {
        boolean interrupted = false;
        Deadline deadline = Deadline.in(PATIENCE);
        while (!killSession(process)) {
            if (deadline.hasPassed()) {
                LOG.warn("program {} was killed and does not go: is a disk hanging?", process.pid());
                break;
            }
            try {
                Thread.sleep(10);
            } catch (InterruptedException e) {
                // A killed process ends soon; leaving it behind would break the promise this class makes.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean killSession(Process process) {
        boolean done = true;
        for (ProcFs.Stat stat : ProcFs.all()) {
            if (stat.session() == process.pid()) {
                ProcessHandle.of(stat.pid()).ifPresent(ProcessHandle::destroyForcibly);
                done = false;
            }
        }
        if (process.isAlive()) {
            process.destroyForcibly();
            done = false;
        }
        return done;
    }

    /** Drains a program's output, keeping the last lines. */
    private static final class Output extends Thread {

        private final Process process;
        private final Consumer<String> onLine;
        private final Deque<String> kept = new ArrayDeque<>();

        Output(Process process, Consumer<String> onLine) {
            super("output of " + process.pid());
            setDaemon(true);
            this.process = process;
            this.onLine = onLine;
        }

        @Override
        public void run() {
            try (BufferedReader reader =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    keep(line);
                    onLine.accept(line);
                }
            } catch (IOException closed) {
                keep("(the rest of the output was lost: " + closed.getMessage() + ")");
            }
        }

        private synchronized void keep(String line) {
            kept.add(line);
            if (kept.size() > LINES_KEPT) {
                kept.remove();
            }
        }

        synchronized List<String> lines() {
            return List.copyOf(kept);
        }
    }
}
