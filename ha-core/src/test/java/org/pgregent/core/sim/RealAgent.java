package org.pgregent.core.sim;

import java.time.Duration;
import java.util.Optional;
import org.pgregent.core.agent.LocalNode;
import org.pgregent.core.agent.Ports;

/** The agent itself. */
final class RealAgent implements SimAgent {

    RealAgent(LocalNode local, Ports ports) {}

    @Override
    public Duration step() {
        return Duration.ofSeconds(1);
    }

    @Override
    public void requestShutdown() {}

    @Override
    public Optional<String> ended() {
        return Optional.empty();
    }

    @Override
    public String sentence() {
        return "";
    }
}
