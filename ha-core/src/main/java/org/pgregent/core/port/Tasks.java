package org.pgregent.core.port;

/** Somewhere to run one long task beside the agent's thread. */
public interface Tasks {

    /** Runs the body on another thread, soon. */
    Handle run(String name, Runnable body);

    /** A body under way. */
    interface Handle {
        /** Interrupts it; returns at once. */
        void cancel();
    }
}
