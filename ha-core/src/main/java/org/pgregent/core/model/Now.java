package org.pgregent.core.model;

import java.time.Duration;
import java.time.Instant;

/**
 * The moment of a decision.
 *
 * @param monotonicNanos for leases and timeouts: never jumps, comparable with the other nanos of this node only
 * @param wall for schedules and what people read
 * @param seed the chance of this decision
 */
public record Now(long monotonicNanos, Instant wall, long seed) {

    public boolean isAtOrAfter(long nanos) {
        return monotonicNanos - nanos >= 0;
    }

    public Duration since(long nanos) {
        return Duration.ofNanos(monotonicNanos - nanos);
    }

    /** Negative when {@code nanos} has passed. */
    public Duration until(long nanos) {
        return Duration.ofNanos(nanos - monotonicNanos);
    }
}
