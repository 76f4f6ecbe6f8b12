package org.pgregent.pg;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two fifos between agent and guard. Each is opened for reading and writing by both, so that opening waits for nobody
 * (Linux promises that, fifo(7)).
 */
final class GuardPipe implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(GuardPipe.class);

    /** Far fewer commands than fill a fifo (64 KiB): a write to it would then wait for a guard that may never read. */
    private static final int UNANSWERED_LIMIT = 100;

    /** An unanswered question this old means that nobody is on duty. */
    private static final Duration STUCK = Duration.ofSeconds(1);

    private static final Duration GLANCE = Duration.ofMillis(20);
    private static final String CLOSED = "closed";

    /** @param agreed false: refused */
    record Answer(boolean agreed, Optional<Long> deadlineMillis) {}

    private final RandomAccessFile commands;
    private final RandomAccessFile answers;
    private final Object news = new Object();
    // Numbers of one agent never meet those of the one before: its late answers are still in the fifo.
    private long number = System.nanoTime() & Long.MAX_VALUE >> 1;
    private int unanswered;
    private long askedNanos;
    private Answer answer;

    GuardPipe(Path folder) throws IOException {
        for (String name : new String[] {"commands", "answers"}) {
            // Opened for writing, a missing fifo would become a file.
            if (!Files.exists(folder.resolve(name)) || Files.isRegularFile(folder.resolve(name))) {
                throw new IOException(folder.resolve(name) + " is no fifo");
            }
        }
        commands = new RandomAccessFile(folder.resolve("commands").toFile(), "rw");
        answers = new RandomAccessFile(folder.resolve("answers").toFile(), "rw");
        Thread reader = new Thread(this::read, "guard-answers");
        reader.setDaemon(true);
        reader.start();
    }

    /** Whether a question waits for its answer for longer than a guard on duty ever takes. */
    boolean isStuck() {
        synchronized (news) {
            return unanswered > 0 && System.nanoTime() - askedNanos > STUCK.toNanos();
        }
    }

    /** Asks, and waits for the answer to that very question; empty if none came. */
    Optional<Answer> ask(String verb, String arguments, Deadline deadline, BooleanSupplier isAlive)
            throws IOException, InterruptedException {
        synchronized (news) {
            if (unanswered >= UNANSWERED_LIMIT) {
                return Optional.empty();
            }
            number++;
            if (unanswered++ == 0) {
                askedNanos = System.nanoTime();
            }
            answer = null;
            commands.write((verb + " " + number + arguments + "\n").getBytes(StandardCharsets.US_ASCII));
            while (answer == null && !deadline.hasPassed() && isAlive.getAsBoolean()) {
                news.wait(
                        Math.max(1, Math.min(GLANCE.toMillis(), deadline.left().toMillis())));
            }
            return Optional.ofNullable(answer);
        }
    }

    private void read() {
        byte[] buffer = new byte[4096];
        StringBuilder text = new StringBuilder();
        try (answers) {
            while (true) {
                int length = answers.read(buffer);
                if (length < 0) {
                    return;
                }
                text.append(new String(buffer, 0, length, StandardCharsets.US_ASCII));
                for (int end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
                    String line = text.substring(0, end);
                    text.delete(0, end + 1);
                    if (line.equals(CLOSED)) {
                        return;
                    }
                    hear(line);
                }
            }
        } catch (IOException e) {
            LOG.warn("the guard's answers cannot be read any more", e);
        }
    }

    private void hear(String line) {
        String[] parts = line.split(" ");
        if (parts.length != 3) {
            LOG.warn("the guard said something unexpected: '{}'", line);
            return;
        }
        synchronized (news) {
            if (parts[1].equals(Long.toString(number))) {
                unanswered = 0;
                answer = new Answer(
                        parts[0].equals("ok"),
                        parts[2].equals("none") ? Optional.empty() : Optional.of(Long.parseLong(parts[2])));
                news.notifyAll();
            }
        }
    }

    /** A blocked read ends only when there is something to read. */
    @Override
    public void close() {
        try (commands) {
            answers.write((CLOSED + "\n").getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            LOG.debug("closing the guard's fifos", e);
        }
    }
}
