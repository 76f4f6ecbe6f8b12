package org.pgregent.dcs.zookeeper;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * Finds out why there is no connection. ZooKeeper's client knows, but only logs it, each time with a stack trace; so the servers
 * are asked once more, by other means, when they could not be reached for a while.
 */
final class Doctor {

    /**
     * Why one server or all of them cannot be used.
     *
     * @param hopeless waiting will not help: a setting or a certificate has to change
     */
    record Finding(boolean hopeless, String text) {}

    private static final Duration BETWEEN = Duration.ofSeconds(2);
    private static final Duration FIRST = Duration.ofMillis(300);

    private final Supplier<Finding> examination;
    private final AtomicBoolean busy = new AtomicBoolean();
    private Optional<Finding> finding = Optional.empty();
    /** How often there has been a connection: what was found out before the latest of them is of the past. */
    private long connections;

    private long dueNanos;

    /** @param examination may take its time: it has a thread of its own */
    Doctor(Supplier<Finding> examination) {
        this.examination = examination;
        dueNanos = System.nanoTime() + FIRST.toNanos();
    }

    synchronized Optional<Finding> finding() {
        return finding;
    }

    /** There is a connection. */
    synchronized void connected() {
        connections++;
        finding = Optional.empty();
        dueNanos = System.nanoTime() + FIRST.toNanos();
    }

    /** To be called again and again while there is no connection; does its work on a thread of its own. */
    void beat() {
        long before;
        synchronized (this) {
            if (System.nanoTime() - dueNanos < 0 || !busy.compareAndSet(false, true)) {
                return;
            }
            before = connections;
        }
        Thread thread = new Thread(
                () -> {
                    try {
                        note(before, examination.get());
                    } finally {
                        busy.set(false);
                    }
                },
                "zookeeper-doctor");
        thread.setDaemon(true);
        thread.start();
    }

    private synchronized void note(long before, Finding found) {
        if (before == connections) {
            finding = Optional.of(found);
            dueNanos = System.nanoTime() + BETWEEN.toNanos();
        }
    }
}
