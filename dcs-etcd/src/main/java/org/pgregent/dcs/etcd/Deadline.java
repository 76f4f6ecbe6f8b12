package org.pgregent.dcs.etcd;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.pgregent.dcs.spi.DcsIndeterminateException;

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

    void sleep(long nanos) throws DcsIndeterminateException {
        try {
            TimeUnit.NANOSECONDS.sleep(Math.max(0, Math.min(nanos, leftNanos())));
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    static DcsIndeterminateException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new DcsIndeterminateException("interrupted while waiting for etcd", e);
    }
}
