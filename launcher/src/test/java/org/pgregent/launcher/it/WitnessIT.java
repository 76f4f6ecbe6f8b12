package org.pgregent.launcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgregent.launcher.demo.AgentClient;
import org.pgregent.launcher.demo.LocalNode;

/** Two nodes with PostgreSQL and one without: the third vote is all that the third machine is for. */
@Timeout(300)
class WitnessIT {

    @Test
    void withAWitnessTwoNodesGetOverTheLossOfEitherAndTheWitnessIsNoMember() throws Exception {
        try (ClusterHarness harness = ClusterHarness.create("witness", 3, ClusterHarness.STEADY)) {
            LocalNode witness = harness.nodes().get(2);
            harness.edit(witness, config -> {
                config.remove("postgresql");
                config.remove("bootstrap");
                config.remove("restapi");
                ClusterHarness.section(config, "regent").put("witness", true);
                return config;
            });
            harness.cluster().startAll();
            LocalNode primary = awaitPair(harness);
            LocalNode standby = harness.nodesBut(primary).stream()
                    .filter(node -> !node.equals(witness))
                    .findFirst()
                    .orElseThrow();
            assertThat(harness.logOf(witness)).contains("witness " + witness.name() + " of ");
            assertThat(harness.cluster().isPostgresAlive(witness)).isFalse();

            // Its machine is gone, and two of three votes are left.
            long killed = System.nanoTime();
            harness.killAgentAndPostgres(primary);
            assertThat(harness.awaitLeaderOtherThan(primary)).isEqualTo(standby);
            System.out.printf("MEASURED witness: failover after %.2f s%n", (System.nanoTime() - killed) / 1e9);
            harness.start(primary);
            assertThat(awaitPair(harness)).isEqualTo(standby);

            // The witness is not needed while the other two are there; it ends in order.
            harness.startWriters();
            harness.await(
                    "acknowledgements", () -> harness.writer(standby).acks().size() >= 20);
            long ended = System.nanoTime();
            assertThat(harness.terminate(witness)).isZero();
            assertThat(harness.logOf(witness)).contains("the witness has ended");
            harness.awaitWritesOn(standby, ended + TimeUnit.SECONDS.toNanos(15));
            assertThat(harness.leader()).isEqualTo(standby);
        }
    }

    /** A leader, and the only other member streams from it. */
    private static LocalNode awaitPair(ClusterHarness harness) throws Exception {
        LocalNode[] leader = new LocalNode[1];
        harness.await("a leader and one that streams", () -> {
            Optional<Map<String, AgentClient.Member>> members = harness.client().members();
            leader[0] = harness.client().leader().orElse(null);
            return leader[0] != null
                    && harness.isInRecovery(leader[0]).equals(Optional.of(false))
                    && members.isPresent()
                    && members.get().size() == 2
                    && members.get().values().stream().anyMatch(AgentClient.Member::streams);
        });
        return leader[0];
    }
}
