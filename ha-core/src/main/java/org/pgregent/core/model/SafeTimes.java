package org.pgregent.core.model;

import java.time.Duration;

/**
 * The safe inequality; {@code docs/safety.md} derives it.
 *
 * <p>With t0 the moment before the renewal was sent and T the {@code safeTtl}, D = t0 + T is the first moment at which a rival
 * may hold the leader key. The agent stops PostgreSQL by itself at D - B, the guard kills at D - G, and by D no process of
 * that PostgreSQL lives.
 *
 * @param safeTtl T: the ttl granted less the store's slack
 * @param stopMargin B
 * @param killMargin G; the guard asks at D - G and insists at D - G/2
 */
public record SafeTimes(Duration safeTtl, Duration stopMargin, Duration killMargin) {

    /** More than this is not needed to stop or kill a PostgreSQL on a loaded machine (measured: docs/safety.md). */
    private static final Duration STOP_MARGIN_MAX = Duration.ofSeconds(5);

    public SafeTimes {
        if (killMargin.isNegative()
                || killMargin.isZero()
                || killMargin.compareTo(stopMargin) >= 0
                || stopMargin.compareTo(safeTtl) >= 0) {
            throw new IllegalArgumentException(
                    "0 < G < B < T must hold, not G=" + killMargin + " B=" + stopMargin + " T=" + safeTtl);
        }
    }

    /** Short leases get short margins, or nothing would be left for renewing them. */
    public static SafeTimes of(Duration safeTtl) {
        Duration quarter = safeTtl.dividedBy(4);
        Duration stop = quarter.compareTo(STOP_MARGIN_MAX) < 0 ? quarter : STOP_MARGIN_MAX;
        return new SafeTimes(safeTtl, stop, stop.dividedBy(2));
    }

    /** Whether loop_wait + retry_timeout + B ≤ T. */
    public boolean allows(Duration loopWait, Duration retryTimeout) {
        return loopWait.plus(retryTimeout).plus(stopMargin).compareTo(safeTtl) <= 0;
    }

    /** The longest sleep between two passes that keeps the inequality; at least a tenth of a second. */
    public Duration longestSleep(Duration loopWait, Duration retryTimeout) {
        Duration room = safeTtl.minus(stopMargin).minus(retryTimeout);
        Duration sleep = loopWait.compareTo(room) < 0 ? loopWait : room;
        Duration floor = Duration.ofMillis(100);
        return sleep.compareTo(floor) < 0 ? floor : sleep;
    }
}
