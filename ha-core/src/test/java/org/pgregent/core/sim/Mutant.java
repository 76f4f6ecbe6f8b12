package org.pgregent.core.sim;

import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.pgregent.core.agent.LocalNode;
import org.pgregent.core.agent.Ports;

/**
 * A deliberate mistake, made in the ports, in the world, or by an agent that lacks something. The simulation must find it; if
 * it does not, an invariant, a fault or a check is missing. Production code has no switch for any of them.
 *
 * @param name for the command line
 * @param mistake in a few words
 * @param ports what the agent gets instead of its ports
 * @param world what is wrong with machine or store, from the beginning
 * @param agents what runs instead of the agent
 */
record Mutant(
        String name,
        String mistake,
        BiFunction<SimNode, Ports, Ports> ports,
        Consumer<SimCluster> world,
        BiFunction<LocalNode, Ports, SimAgent> agents) {

    static final Mutant NONE = new Mutant("none", "no mistake", (node, ports) -> ports, cluster -> {}, RealAgent::new);

    static Mutant ports(String name, String mistake, BiFunction<SimNode, Ports, Ports> ports) {
        return new Mutant(name, mistake, ports, NONE.world, NONE.agents);
    }

    static Mutant world(String name, String mistake, Consumer<SimCluster> world) {
        return new Mutant(name, mistake, NONE.ports, world, NONE.agents);
    }

    static Mutant agent(String name, String mistake, BiFunction<LocalNode, Ports, SimAgent> agents) {
        return new Mutant(name, mistake, NONE.ports, NONE.world, agents);
    }
}
