package org.pgregent.core.agent;

import java.time.Duration;
import org.pgregent.core.port.Clock;

/** The time one pass may spend blocked, shared by all its calls. */
final class Budget {

    private static final Duration LONGEST_CALL = Duration.ofSeconds(3);

    private final Clock clock;
    private final long endNanos;
    private final Duration share;

    private Budget(Clock clock, long endNanos, Duration share) {
        this.clock = clock;
        this.endNanos = endNanos;
        this.share = share;
    }

    /** No single call gets more than a third, so that the next one has a chance when the first hangs. */
    static Budget of(Clock clock, Duration whole) {
        Duration third = whole.dividedBy(3);
        return new Budget(
                clock,
                clock.monotonicNanos() + whole.toNanos(),
                third.compareTo(LONGEST_CALL) < 0 ? third : LONGEST_CALL);
    }

    /** For the next call; zero when nothing is left. */
    Duration next() {
        long left = endNanos - clock.monotonicNanos();
        if (left <= 0) {
            return Duration.ZERO;
        }
        return left < share.toNanos() ? Duration.ofNanos(left) : share;
    }
}
