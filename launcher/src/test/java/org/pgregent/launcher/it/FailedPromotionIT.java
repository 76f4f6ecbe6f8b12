package org.pgregent.launcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgregent.launcher.demo.LocalNode;

/** A promotion that was asked for and does not happen cannot be taken back: it may happen at any later moment. */
@Timeout(600)
class FailedPromotionIT {

    /** The startup process, which does the promoting, hangs; it is never let out while another leads. */
    @Test
    void aPromotionThatHangsIsEndedWithItsPostgresBeforeAnotherNodeLeads() throws Exception {
        try (ClusterHarness harness = ClusterHarness.create("failed-promotion", 3, ClusterHarness.STEADY)
                .withDynamic("primary_start_timeout", 10)
                .started()) {
            LocalNode old = harness.leader();
            List<LocalNode> replicas = harness.nodesBut(old);
            harness.startWriters();
            harness.await("acknowledgements", () -> harness.writer(old).acks().size() >= 50);
            for (LocalNode replica : replicas) {
                harness.cluster().signalPostgresChild(replica, "startup", "STOP");
            }

            harness.killAgentAndPostgres(old);
            LocalNode hanging = awaitPromotionOn(harness, replicas);
            LocalNode other = replicas.get(0).equals(hanging) ? replicas.get(1) : replicas.get(0);
            assertThat(harness.isInRecovery(hanging)).contains(true);
            harness.cluster().signalPostgresChild(other, "startup", "CONT");

            LocalNode next = harness.awaitLeaderOtherThan(hanging);
            assertThat(next).isEqualTo(other);
            harness.awaitWritesOn(next, 0);
            assertThat(harness.logOf(hanging)).contains("promotion failed and may still happen: stopping PostgreSQL");
            assertThat(harness.writer(hanging).acks()).isEmpty();
            harness.assertOneAfterTheOther(old, next);

            // What hung is gone: letting it go on has nobody to reach, and the node follows like any other.
            harness.cluster().signalPostgresChild(hanging, "startup", "CONT");
            harness.start(old);
            harness.awaitWhole();
            assertThat(harness.leader()).isEqualTo(next);
            assertThat(harness.writer(hanging).acks()).isEmpty();
        }
    }

    /** The order outlives the agent that gave it, and here its guard too; whoever comes after it has to know. */
    @Test
    void aRestartedAgentStopsAPostgresThatItsFormerSelfHasAskedToPromote() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("forgotten-promotion", 3)) {
            LocalNode old = harness.leader();
            List<LocalNode> replicas = harness.nodesBut(old);
            harness.startWriters();
            harness.await("acknowledgements", () -> harness.writer(old).acks().size() >= 50);
            for (LocalNode replica : replicas) {
                harness.cluster().signalPostgresChild(replica, "startup", "STOP");
            }
            harness.killAgentAndPostgres(old);
            LocalNode hanging = awaitPromotionOn(harness, replicas);
            harness.await("the order", () -> Files.exists(hanging.stateDir().resolve("promoting")));
            long asked = harness.cluster().postmasterPid(hanging).orElseThrow();
            harness.killAgent(hanging);
            harness.killGuard(hanging);

            // Nobody else is there to lead, or to stop it, but the agent that comes next.
            harness.start(hanging);
            harness.await("the one that was asked is stopped", () -> ClusterHarness.isDead(asked));

            for (LocalNode replica : harness.nodesBut(old)) {
                harness.cluster().signalPostgresChild(replica, "startup", "CONT");
            }
            LocalNode next = harness.awaitLeaderOtherThan(old);
            harness.awaitWritesOn(next, 0);
            harness.assertOneAfterTheOther(old, next);
            harness.start(old);
            harness.awaitWhole();
        }
    }

    private static LocalNode awaitPromotionOn(ClusterHarness harness, List<LocalNode> replicas) throws Exception {
        LocalNode[] found = new LocalNode[1];
        harness.await("a promotion", () -> {
            for (LocalNode replica : replicas) {
                if (harness.logOf(replica).contains("promoted self to leader by acquiring session lock")) {
                    found[0] = replica;
                }
            }
            return found[0] != null;
        });
        return found[0];
    }
}
