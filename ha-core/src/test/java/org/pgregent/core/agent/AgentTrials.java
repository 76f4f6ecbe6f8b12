package org.pgregent.core.agent;

import java.util.List;
import java.util.Optional;
import org.pgregent.core.decide.Rule;

/** Makes agents that lack something, for the simulation to show that it is needed. */
public final class AgentTrials {

    private AgentTrials() {}

    public static Agent withRules(LocalNode local, Ports ports, List<Rule> rules) {
        return new Agent(local, ports, rules, LastMomentCheck::leaseAndGuard);
    }

    public static Agent withoutTheLastMomentCheck(LocalNode local, Ports ports, List<Rule> rules) {
        return new Agent(local, ports, rules, (lease, guard, now) -> Optional.empty());
    }
}
