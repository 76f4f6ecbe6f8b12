package org.pgregent.core.sim;

import java.time.Duration;
import java.util.Optional;
import org.pgregent.core.agent.LocalNode;
import org.pgregent.core.agent.Ports;

/** What a simulated node runs: the real agent, or a stand-in that tries the simulator itself. */
interface SimAgent {

    Duration step();

    void requestShutdown();

    /** Why it ended, once it has. */
    Optional<String> ended();

    /** What it last decided, in its own words. */
    String sentence();

    /** What it last decided was to give the leader key to its successor. */
    default boolean handsOver() {
        return false;
    }

    /** It was asked to end, and when it last looked it was not the only member. */
    default boolean endsAmongOthers() {
        return false;
    }

    /** Makes the agent of one life of a node. */
    interface Maker {
        SimAgent make(LocalNode local, Ports ports);
    }
}
