package org.pgregent.pg;

import java.time.Duration;
import org.pgregent.core.port.PostgresException;

/** The moment a call has to be over, handed down through everything it does. */
final class Deadline {

    private final long atNanos;

    private Deadline(long atNanos) {
        this.atNanos = atNanos;
    }

    static Deadline in(Duration timeout) {
        return new Deadline(System.nanoTime() + timeout.toNanos());
    }

    /** This deadline, or the end of {@code most} from now if that is sooner. */
    Deadline atMost(Duration most) {
        return left().compareTo(most) < 0 ? this : in(most);
    }

    /** Zero when it has passed. */
    Duration left() {
        return Duration.ofNanos(Math.max(0, atNanos - System.nanoTime()));
    }

    boolean hasPassed() {
        return atNanos - System.nanoTime() <= 0;
    }

    /** At least one, for interfaces to which zero means no limit. */
    int leftMillis() {
        return (int) Math.max(1, Math.min(Integer.MAX_VALUE, left().toMillis()));
    }

    /** At least one, for interfaces to which zero means no limit. */
    int leftSeconds() {
        return (int) Math.max(1, Math.min(Integer.MAX_VALUE, (left().toMillis() + 999) / 1000));
    }

    void require(String what) throws PostgresException {
        if (hasPassed()) {
            throw new PostgresException(what + ": not done in time");
        }
    }

    /** Sleeps that long, or until the deadline; for polling what tells nobody when it changes. */
    void pause(Duration most) throws InterruptedException {
        Duration left = left();
        Thread.sleep(Math.max(1, (left.compareTo(most) < 0 ? left : most).toMillis()));
    }
}
