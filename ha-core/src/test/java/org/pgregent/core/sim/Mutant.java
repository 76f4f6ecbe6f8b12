package org.pgregent.core.sim;

import org.pgregent.core.agent.Ports;

/** A deliberate mistake, made at the ports or in place of a part: the simulation must find it. */
interface Mutant {

    Mutant NONE = new Mutant() {};

    default Ports ports(SimNode node, Ports ports) {
        return ports;
    }

    /** A mistake outside the agent: in the guard, the store, the machine. */
    default void world(SimCluster cluster) {}
}
