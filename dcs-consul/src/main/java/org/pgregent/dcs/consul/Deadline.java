package org.pgregent.dcs.consul;

import java.time.Duration;

/** The moment a call has to end, on the monotonic clock. */
record Deadline(long endNanos, Duration timeout) {

    static Deadline in(Duration timeout) {
        return new Deadline(System.nanoTime() + timeout.toNanos(), timeout);
    }

    long leftNanos() {
        return endNanos - System.nanoTime();
    }

    boolean isOver() {
        return leftNanos() <= 0;
    }
}
