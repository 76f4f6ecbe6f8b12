package org.pgregent.launcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgregent.launcher.demo.LocalNode;

@Timeout(300)
class FailoverIT {

    /** The primary's agent and PostgreSQL die at once; somebody else leads, nobody wrote in two places, the dead one comes back. */
    @Test
    void anotherNodeTakesOverFromADeadPrimaryAndTheDeadOneFollowsIt() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("failover", 3)) {
            LocalNode old = harness.leader();
            List<DirectWriter> writers = harness.startWriters();
            harness.await("acknowledgements", () -> harness.writer(old).acks().size() >= 100);

            long killed = System.nanoTime();
            harness.killAgentAndPostgres(old);
            LocalNode next = harness.awaitLeaderOtherThan(old);
            harness.await(
                    "a write on " + next.name(),
                    () -> harness.writer(next).last().isPresent());

            long lastOld = harness.writer(old).last().orElseThrow().nanos();
            long firstNew = harness.writer(next).acks().get(0).nanos();
            assertThat(lastOld).isLessThan(firstNew);
            assertThat(harness.client().status(next, "/primary")).contains(200);
            System.out.printf(
                    "MEASURED agent and PostgreSQL killed: no writes for %.2f s%n", (firstNew - killed) / 1e9);

            harness.start(old);
            harness.awaitWhole();
            assertThat(harness.isInRecovery(old)).contains(true);
            assertThat(harness.client().status(old, "/replica")).contains(200);
            assertThat(writers.stream()
                            .filter(writer -> !writer.acks().isEmpty())
                            .map(DirectWriter::node))
                    .containsExactlyInAnyOrder(old, next);
            // Nobody was acknowledged on the old node any more, and what was written since is on it.
            assertThat(harness.writer(old).last().orElseThrow().nanos()).isEqualTo(lastOld);
            DirectWriter.Ack ack = harness.writer(next).last().orElseThrow();
            harness.await("the new rows on " + old.name(), () -> harness.query(
                            old, "SELECT 1 FROM acks WHERE node = '" + ack.node() + "' AND number = " + ack.number())
                    .isPresent());
        }
    }

    /** A clean end hands over without waiting for the lease to run out. */
    @Test
    void anAgentThatIsToldToEndHandsOverAndExitsWithZero() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("handover", 3)) {
            LocalNode old = harness.leader();
            harness.startWriters();
            harness.await("acknowledgements", () -> harness.writer(old).acks().size() >= 20);

            assertThat(harness.terminate(old)).isZero();
            assertThat(harness.cluster().isPostgresAlive(old)).isFalse();
            LocalNode next = harness.awaitLeaderOtherThan(old);
            harness.await(
                    "a write on " + next.name(),
                    () -> harness.writer(next).last().isPresent());

            DirectWriter.Ack lastOld = harness.writer(old).last().orElseThrow();
            assertThat(lastOld.nanos())
                    .isLessThan(harness.writer(next).acks().get(0).nanos());
            System.out.printf(
                    "MEASURED clean hand-over: no writes for %.2f s%n",
                    (harness.writer(next).acks().get(0).nanos() - lastOld.nanos()) / 1e9);
            // The standbys had everything before the key was released, so not one acknowledged row is missing.
            assertThat(harness.query(
                            next,
                            "SELECT count(*) FROM acks WHERE node = '" + old.name() + "' AND number <= "
                                    + lastOld.number()))
                    .map(Integer::parseInt)
                    .hasValueSatisfying(rows -> assertThat(rows)
                            .isGreaterThanOrEqualTo(harness.writer(old).acks().size()));
        }
    }
}
