package org.pgregent.core.sim;

import java.time.Duration;
import java.util.Optional;
import org.pgregent.core.agent.Agent;
import org.pgregent.core.agent.LocalNode;
import org.pgregent.core.agent.Ports;
import org.pgregent.core.decide.Action;

/** The agent itself. */
final class RealAgent implements SimAgent {

    private final Agent agent;

    RealAgent(LocalNode local, Ports ports) {
        this(new Agent(local, ports));
    }

    RealAgent(Agent agent) {
        this.agent = agent;
    }

    @Override
    public Duration step() {
        return agent.step();
    }

    @Override
    public void requestShutdown() {
        agent.requestShutdown();
    }

    @Override
    public Optional<String> ended() {
        return agent.ended()
                .map(code -> "exit code " + code + ": " + agent.endMessage().orElse(""));
    }

    @Override
    public boolean handsOver() {
        return agent.statusBoard()
                .last()
                .map(pass -> pass.decision().action() instanceof Action.HandOver)
                .orElse(false);
    }

    @Override
    public boolean endsAmongOthers() {
        return agent.statusBoard()
                .last()
                .map(pass -> pass.node().shutdownRequested()
                        && pass.cluster().members().stream()
                                .anyMatch(m -> !m.name().equals(pass.node().name())))
                .orElse(false);
    }

    @Override
    public String sentence() {
        return agent.statusBoard().last().map(pass -> pass.decision().because()).orElse("");
    }
}
