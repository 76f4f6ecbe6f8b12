package org.pgregent.dcs.zookeeper;

import java.time.Duration;

/**
 * Proof that the server that counts a session's time has heard of it lately.
 *
 * <p>That server is ZooKeeper's leader. A request through another server does not touch the session there, not even a write
 * that is committed by it; the other server notes the touch and passes it on with its answer to the leader's ping, which comes
 * each half tick. So a committed write proves by itself only that the session had not ended yet. With light reads less than
 * {@link #gap} apart, and {@link #forward} for a touch to be passed on, the latest touch the leader knows is at any moment at
 * most {@link #slack} old, provided such reads have been going on for {@code forward} already.
 * A committed write then proves that the session lives on until its timeout, less that slack, after the write was sent.
 *
 * <p>See {@code docs/adr/0003-zookeeper-lease.md}.
 */
final class Touches {

    /** What a thread or a packet may be late by, if ticks are long; with short ones, one tick. */
    private static final Duration LATE_MAX = Duration.ofSeconds(1);

    private final Duration tick;
    private boolean broken = true;
    private long unbrokenSinceNanos;
    private long latestSentNanos;

    Touches(Duration tick) {
        this.tick = tick;
    }

    static Duration slack(Duration tick) {
        return gap(tick).plus(forward(tick));
    }

    /** Reads further apart than this make no unbroken chain. */
    private static Duration gap(Duration tick) {
        return tick.compareTo(LATE_MAX) < 0 ? tick : LATE_MAX;
    }

    /** Half a tick to the leader's next ping, and some for whatever is slow. */
    private static Duration forward(Duration tick) {
        return tick.dividedBy(2).plus(tick.compareTo(LATE_MAX) < 0 ? tick : LATE_MAX);
    }

    /** How often to read; a few may be late or lost before the chain breaks. */
    static Duration interval(Duration tick) {
        return gap(tick).dividedBy(4);
    }

    /** The connection is gone, and with it the certainty that reads arrive in order behind each other. */
    synchronized void breakOff() {
        broken = true;
    }

    /**
     * A request over the present connection was answered. The server was touched at some moment between: the chain reckons
     * with the later one for when the touch is passed on, and with the earlier one for how old it is.
     */
    synchronized void answered(long sentNanos, long answeredNanos) {
        if (broken || answeredNanos - latestSentNanos > gap(tick).toNanos()) {
            broken = false;
            unbrokenSinceNanos = answeredNanos;
            latestSentNanos = sentNanos;
        } else if (sentNanos - latestSentNanos > 0) {
            latestSentNanos = sentNanos;
        }
    }

    /** How long until a write would be a proof if the reads go on: zero or less if it is one now. */
    synchronized long untilProofNanos(long nowNanos) {
        if (broken || nowNanos - latestSentNanos > gap(tick).toNanos()) {
            return forward(tick).toNanos();
        }
        return unbrokenSinceNanos + forward(tick).toNanos() - nowNanos;
    }
}
