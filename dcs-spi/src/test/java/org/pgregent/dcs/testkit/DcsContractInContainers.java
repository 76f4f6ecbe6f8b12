package org.pgregent.dcs.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;

/**
 * The store contract on servers in Docker, once with a single server and once with three. Run by {@code mvn verify
 * -Pcontainers}; without Docker it fails, as every missing server does.
 */
public abstract class DcsContractInContainers {

    /** That many servers of one store, started. */
    protected abstract ContainerFixture containers(int members) throws Exception;

    @Nested
    class OfOneServer extends DcsContract {
        @Override
        protected DcsFixture openFixture() throws Exception {
            return containers(1);
        }
    }

    @Nested
    class OfThreeServers extends DcsContract {
        @Override
        protected DcsFixture openFixture() throws Exception {
            return containers(3);
        }
    }

    @Test
    @Timeout(300)
    void theLeadingServerIsKilledAndTheLeaseLivesOn() throws Exception {
        try (ContainerFixture servers = containers(3);
                Dcs dcs = servers.connect("n1")) {
            Duration patience = servers.recoveryTime();
            Lease lease = dcs.grant(Duration.ofSeconds(20), patience);
            dcs.put("/containers/a", new byte[0], Expect.absent(), Optional.of(lease), patience);
            servers.killTheLeadingServer();
            DcsContractBase.eventually(
                    "a renewal with the others", patience, () -> dcs.renew(lease, Duration.ofSeconds(2)));
            assertThat(dcs.readAll("/containers", patience).get("/containers/a"))
                    .isPresent();
        }
    }
}
