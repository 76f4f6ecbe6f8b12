package org.pgregent.dcs.zookeeper;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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

    /** The value, or null at the deadline. */
    <T> T await(CompletableFuture<T> future) throws DcsIndeterminateException {
        try {
            return future.get(Math.max(0, leftNanos()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException over) {
            return null;
        } catch (InterruptedException e) {
            throw interrupted(e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IllegalArgumentException wrongKey) {
                throw wrongKey;
            }
            throw new DcsIndeterminateException("the client of ZooKeeper failed", e.getCause());
        }
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
        return new DcsIndeterminateException("interrupted while waiting for ZooKeeper", e);
    }
}
