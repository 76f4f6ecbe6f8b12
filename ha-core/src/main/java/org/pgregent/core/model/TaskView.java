package org.pgregent.core.model;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * The long work of this node, at most one at a time, or the end of the last one.
 *
 * @param id counts up with every task started since this agent began
 * @param startedNanos on the monotonic clock
 * @param endedNanos when it ended
 * @param failure why it failed
 * @param divergence what {@link TaskKind#CHECK_DIVERGENCE} found
 */
public record TaskView(
        long id,
        TaskKind kind,
        Phase phase,
        long startedNanos,
        Optional<Long> endedNanos,
        Optional<String> failure,
        Optional<Divergence> divergence) {

    /** How far it got. */
    public enum Phase {
        RUNNING,
        DONE,
        FAILED,
        CANCELLED
    }

    /** Whether this node's WAL left the path of the leader's. */
    public enum Divergence {
        NONE,
        DIVERGED,
        /** Could not be told; the failure says why. */
        UNKNOWN
    }

    public TaskView {
        requireNonNull(kind, "kind");
        requireNonNull(phase, "phase");
    }

    public boolean isRunning() {
        return phase == Phase.RUNNING;
    }
}
