package org.pgregent.core.agent;

import java.util.Optional;
import org.pgregent.core.model.GuardView;
import org.pgregent.core.model.LeaseView;

/**
 * Asked on the task's own thread right before PostgreSQL may become writable: the process may have slept since the decision.
 */
interface LastMomentCheck {

    /** Why it must not, if it must not. */
    Optional<String> objection(LeaseView lease, GuardView guard, long monotonicNanos);

    /** Nothing becomes writable on a lease that is over now, or without the guard's acknowledgement. */
    static Optional<String> leaseAndGuard(LeaseView lease, GuardView guard, long monotonicNanos) {
        if (lease.isOverAt(monotonicNanos)) {
            return Optional.of("the lease is over, or about to end, at the last moment");
        }
        return guard.covers(lease, monotonicNanos)
                ? Optional.empty()
                : Optional.of("the guard has not acknowledged a deadline that this lease covers");
    }
}
