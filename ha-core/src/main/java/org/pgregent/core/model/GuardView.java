package org.pgregent.core.model;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * What this node knows of its guard, the small process that kills PostgreSQL when the lease runs out unattended.
 *
 * @param alive it answers
 * @param deadlineNanos the last deadline (D) it has acknowledged, on this node's monotonic clock; empty when disarmed
 */
public record GuardView(boolean alive, Optional<Long> deadlineNanos) {

    public static final GuardView ABSENT = new GuardView(false, Optional.empty());

    public GuardView {
        requireNonNull(deadlineNanos, "deadlineNanos");
    }

    public boolean isArmed() {
        return alive && deadlineNanos.isPresent();
    }

    /** Alive and armed with a deadline not after the lease's, and D - B of it is still ahead. */
    public boolean covers(LeaseView lease, long monotonicNanos) {
        return isArmed()
                && lease.deadlineNanos().isPresent()
                && deadlineNanos.get() - lease.deadlineNanos().get() <= 0
                && deadlineNanos.get()
                                - lease.times().orElseThrow().stopMargin().toNanos()
                                - monotonicNanos
                        > 0;
    }
}
