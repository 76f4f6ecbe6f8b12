package org.pgregent.dcs.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A server a test has started: a child in a session of its own, so that a signal to the test does not reach it, whose output
 * goes to a file. It can be frozen, thawed and killed as an operator would with {@code kill}; {@link #close} leaves none behind.
 */
public final class ServerProcess implements AutoCloseable {

    private final String name;
    private final Path log;
    private final Process process;

    private ServerProcess(String name, Path log, Process process) {
        this.name = name;
        this.log = log;
        this.process = process;
    }

    public static ServerProcess start(String name, Path folder, List<String> command) throws IOException {
        return start(name, folder, command, Map.of());
    }

    /** @throws IOException if the program is not there: a missing server is a failure, no reason to skip */
    public static ServerProcess start(
            String name, Path folder, List<String> command, Map<String, String> extraEnvironment) throws IOException {
        String program = command.get(0);
        if (!onPath(program)) {
            throw new IOException(
                    program + " is not installed; bin/test installs what the tests need, or install it by hand");
        }
        Path log = folder.resolve(name + ".log");
        List<String> inOwnSession = new ArrayList<>(List.of("setsid"));
        inOwnSession.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(inOwnSession)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(extraEnvironment);
        return new ServerProcess(name, log, builder.start());
    }

    private static boolean onPath(String program) {
        if (program.contains("/")) {
            return Files.isExecutable(Path.of(program));
        }
        for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
            if (Files.isExecutable(Path.of(folder, program))) {
                return true;
            }
        }
        return false;
    }

    public long pid() {
        return process.pid();
    }

    public boolean alive() {
        return process.isAlive();
    }

    /** What it has printed so far. */
    public String log() throws IOException {
        return Files.readString(log);
    }

    /** SIGSTOP: it answers nobody, its connections stay open. */
    public void freeze() throws IOException, InterruptedException {
        signal("STOP");
        awaitStopped(pid());
    }

    /**
     * Returns when none of its threads runs any more: on a busy machine the one that is to take the signal may have to wait for its
     * turn, and the others serve on until then.
     */
    public static void awaitStopped(long pid) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!isStopped(pid)) {
            if (System.nanoTime() - end > 0) {
                throw new IOException("process " + pid + " goes on 60 s after SIGSTOP");
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    private static boolean isStopped(long pid) throws IOException {
        try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
            for (Path thread : threads.toList()) {
                // The state is the first word behind the name, which may hold anything but ends with the last
                // parenthesis.
                String stat = Files.readString(thread.resolve("stat"));
                if (stat.charAt(stat.lastIndexOf(')') + 2) != 'T') {
                    return false;
                }
            }
            return true;
        } catch (NoSuchFileException ended) {
            // A thread came to its end meanwhile.
            return false;
        }
    }

    /** SIGCONT. */
    public void thaw() throws IOException, InterruptedException {
        signal("CONT");
    }

    /** SIGKILL; returns when it is gone. */
    public void kill() throws InterruptedException {
        process.destroyForcibly();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            throw new IllegalStateException(name + " did not end 30 s after SIGKILL");
        }
    }

    private void signal(String signal) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(pid()))
                .inheritIO()
                .start();
        if (kill.waitFor() != 0) {
            throw new IOException("kill -" + signal + " of " + name + " failed; is it still there?");
        }
    }

    /** Kills it if it lives. */
    @Override
    public void close() {
        try {
            kill();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
