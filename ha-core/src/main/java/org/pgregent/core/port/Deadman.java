package org.pgregent.core.port;

import java.time.Duration;
import org.pgregent.core.model.GuardView;

/**
 * The agent's end of the guard: a small process that kills every PostgreSQL of this data folder at its deadline less the
 * margin, even when the agent is dead, frozen or out of memory. Called from the agent's thread only.
 */
public interface Deadman {

    /** A quick look; no waiting. */
    GuardView observe();

    /**
     * Starts a guard, or takes over one that a former agent of this node left, with the deadline it has. Returns whether one
     * answers.
     */
    boolean ensure(Duration timeout);

    /**
     * Sets the deadline D and the margin G. True once the guard has acknowledged it: from then on no process of this
     * PostgreSQL outlives D. The latest call counts, also with an earlier deadline (a shorter lease).
     */
    boolean arm(long deadlineNanos, Duration killMargin, Duration timeout);

    /** No deadline any more. True once acknowledged. Only when PostgreSQL is stopped, a replica, or in pause. */
    boolean disarm(Duration timeout);

    /** Ends the guard, for a clean end of the agent. */
    void quit(Duration timeout);
}
