package org.pgregent.core.model;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What the other members said of themselves when last asked.
 *
 * @param askedNanos when the asking began, on the monotonic clock; empty if never
 * @param pending an asking is under way
 */
public record PeerAnswers(Optional<Long> askedNanos, boolean pending, List<PeerAnswer> answers) {

    /** Older than this, an answer does not count. */
    public static final Duration MAX_AGE = Duration.ofSeconds(2);

    public static final PeerAnswers NONE = new PeerAnswers(Optional.empty(), false, List.of());

    public PeerAnswers {
        requireNonNull(askedNanos, "askedNanos");
        answers = List.copyOf(answers);
    }

    /** Asked after the given moment and not older than {@link #MAX_AGE}. */
    public boolean countFor(long askedAfterNanos, Now now) {
        return !pending
                && askedNanos.isPresent()
                && askedNanos.get() - askedAfterNanos >= 0
                && now.since(askedNanos.get()).compareTo(MAX_AGE) <= 0;
    }

    /**
     * One member's answer.
     *
     * @param reachable false: all that follows is empty
     * @param writable it is a primary, not in recovery
     * @param position the most it has received or replayed
     */
    public record PeerAnswer(
            NodeName name,
            boolean reachable,
            boolean writable,
            Optional<Lsn> position,
            Optional<Timeline> timeline,
            Tags tags,
            boolean watchdogFailed) {

        public static PeerAnswer unreachable(NodeName name) {
            return new PeerAnswer(name, false, false, Optional.empty(), Optional.empty(), Tags.NONE, false);
        }
    }
}
