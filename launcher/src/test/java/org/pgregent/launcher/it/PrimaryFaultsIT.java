package org.pgregent.launcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgregent.launcher.demo.LocalCluster;
import org.pgregent.launcher.demo.LocalNode;

/**
 * What can happen to the primary's node, part by part. A writer sits on every node and writes wherever it is let: at every fault
 * the old node's last acknowledgement comes before the new node's first.
 */
@Timeout(300)
class PrimaryFaultsIT {

    private static LocalNode writing(ClusterHarness harness) throws Exception {
        LocalNode leader = harness.leader();
        harness.startWriters();
        harness.await("acknowledgements", () -> harness.writer(leader).acks().size() >= 50);
        return leader;
    }

    private static LocalNode failedOver(ClusterHarness harness, LocalNode old, long since, String what)
            throws Exception {
        LocalNode next = harness.awaitLeaderOtherThan(old);
        harness.awaitWritesOn(next, since);
        harness.assertOneAfterTheOther(old, next);
        long gap = harness.writer(next).acks().get(0).nanos()
                - harness.writer(old).last().orElseThrow().nanos();
        System.out.printf("MEASURED %s: no writes for %.2f s%n", what, gap / 1e9);
        return next;
    }

    @Test
    void aKilledPostgresIsStartedAgainWhereItWas() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("postgres-killed", 3)) {
            LocalNode leader = writing(harness);
            Optional<String> before = harness.query(leader, "SELECT timeline_id FROM pg_control_checkpoint()");

            long killed = System.nanoTime();
            harness.killPostgres(leader);

            harness.awaitWritesOn(leader, killed + TimeUnit.MILLISECONDS.toNanos(500));
            long last = 0;
            long gap = 0;
            for (DirectWriter.Ack ack : harness.writer(leader).acks()) {
                gap = last == 0 ? 0 : Math.max(gap, ack.nanos() - last);
                last = ack.nanos();
            }
            System.out.printf("MEASURED PostgreSQL killed: no writes for %.2f s%n", gap / 1e9);
            assertThat(harness.leader()).isEqualTo(leader);
            assertThat(harness.query(leader, "SELECT timeline_id FROM pg_control_checkpoint()"))
                    .isEqualTo(before);
            harness.awaitWhole();
        }
    }

    @Test
    void thePostgresOfAKilledAgentIsKilledBeforeAnotherNodeLeads() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("agent-killed", 3)) {
            LocalNode old = writing(harness);

            long killed = System.nanoTime();
            harness.killAgent(old);

            failedOver(harness, old, killed, "agent killed");
            assertThat(harness.cluster().isPostgresAlive(old)).isFalse();
            harness.start(old);
            harness.awaitWhole();
            assertThat(harness.isInRecovery(old)).contains(true);
        }
    }

    @Test
    void thePostgresOfAFrozenAgentIsKilledBeforeAnotherNodeLeadsAndTheAgentFollowsWhenItWakes() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("agent-frozen", 3)) {
            LocalNode old = writing(harness);

            long frozen = System.nanoTime();
            harness.freezeAgent(old);

            LocalNode next = failedOver(harness, old, frozen, "agent frozen");
            assertThat(harness.cluster().isPostgresAlive(old)).isFalse();
            harness.thawAgent(old);
            harness.awaitWhole();
            assertThat(harness.leader()).isEqualTo(next);
            harness.assertOneAfterTheOther(old, next);
        }
    }

    @Test
    void anAgentThatIsBackBeforeTheGuardsTimeGoesOnWithTheSamePostgres() throws Exception {
        // So long that the guard's time cannot come before the agent is back, however slowly this machine starts a
        // process.
        LocalCluster.Timers slow = new LocalCluster.Timers(60, 1, 3);
        try (ClusterHarness harness =
                ClusterHarness.create("agent-restarted", 3, slow).started()) {
            LocalNode leader = writing(harness);
            String postmaster = Files.readAllLines(leader.dataDir().resolve("postmaster.pid"))
                    .get(0);

            long killed = System.nanoTime();
            harness.killAgent(leader);
            harness.start(leader);

            harness.await(
                    "it leads again",
                    () -> harness.client().status(leader, "/primary").equals(Optional.of(200)));
            harness.awaitWritesOn(leader, killed + TimeUnit.SECONDS.toNanos(65));
            assertThat(Files.readAllLines(leader.dataDir().resolve("postmaster.pid"))
                            .get(0))
                    .as(harness.logsOf(leader))
                    .isEqualTo(postmaster);
            assertThat(harness.query(leader, "SELECT timeline_id FROM pg_control_checkpoint()"))
                    .contains("1");
            assertThat(harness.leader()).isEqualTo(leader);
        }
    }

    /** The lease it led on has the former ttl still, and the leader key hangs on it: ADR 6. */
    @Test
    void anAgentThatIsBackAfterTtlWasChangedKeepsTheKey() throws Exception {
        LocalCluster.Timers slow = new LocalCluster.Timers(60, 1, 3);
        try (ClusterHarness harness =
                ClusterHarness.create("ttl-changed", 3, slow).withOpenStore().started()) {
            LocalNode leader = writing(harness);
            String postmaster = Files.readAllLines(leader.dataDir().resolve("postmaster.pid"))
                    .get(0);
            harness.configure(config -> {
                config.put("ttl", 90);
                return config;
            });
            harness.await("the leader remembers it", () -> Files.readString(
                            leader.dataDir().resolve("patroni.dynamic.json"))
                    .matches("(?s).*\"ttl\":\\s*90.*"));

            long killed = System.nanoTime();
            harness.killAgent(leader);
            harness.start(leader);

            harness.await(
                    "it leads again",
                    () -> harness.client().status(leader, "/primary").equals(Optional.of(200)));
            harness.awaitWritesOn(leader, killed + TimeUnit.SECONDS.toNanos(15));
            assertThat(harness.leader()).as(harness.logsOf(leader)).isEqualTo(leader);
            assertThat(Files.readAllLines(leader.dataDir().resolve("postmaster.pid"))
                            .get(0))
                    .isEqualTo(postmaster);
            for (LocalNode other : harness.nodesBut(leader)) {
                assertThat(harness.writer(other).acks()).isEmpty();
            }
        }
    }

    @Test
    void aKilledGuardIsReplacedAndNothingElseHappens() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("guard-killed", 3)) {
            LocalNode leader = writing(harness);
            var pid = leader.stateDir().resolve("guard").resolve("pid");
            String before = Files.readString(pid);

            long killed = System.nanoTime();
            harness.killGuard(leader);

            harness.await(
                    "another guard",
                    () -> Files.exists(pid) && !Files.readString(pid).equals(before));
            harness.awaitWritesOn(leader, killed + TimeUnit.SECONDS.toNanos(10));
            assertThat(harness.leader()).isEqualTo(leader);
            // The new one does its work: without the agent, PostgreSQL dies in time.
            long agentKilled = System.nanoTime();
            harness.killAgent(leader);
            failedOver(harness, leader, agentKilled, "agent killed after its guard");
            assertThat(harness.cluster().isPostgresAlive(leader)).isFalse();
        }
    }

    @Test
    void aStoppedBackendOfAKilledAgentIsDeadBeforeAnotherNodeLeads() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("backend-stopped", 3)) {
            LocalNode old = writing(harness);
            long backend = Long.parseLong(harness.query(
                            old,
                            "SELECT pid FROM pg_stat_activity WHERE query LIKE 'INSERT INTO acks%' AND pid <> pg_backend_pid()")
                    .orElseThrow());

            long killed = System.nanoTime();
            ClusterHarness.signal("STOP", backend);
            harness.killAgent(old);

            failedOver(harness, old, killed, "agent killed, backend stopped");
            assertThat(ClusterHarness.isDead(backend)).isTrue();
            assertThat(harness.cluster().isPostgresAlive(old)).isFalse();
        }
    }

    @Test
    void inPauseAKilledAgentLeavesPostgresAlone() throws Exception {
        try (ClusterHarness harness = ClusterHarness.create("paused", 3, ClusterHarness.STEADY)
                .withOpenStore()
                .started()) {
            LocalNode leader = writing(harness);
            harness.configure(config -> {
                config.put("pause", true);
                return config;
            });
            harness.await("the leader has seen the pause", () -> harness.client()
                    .document(leader, "/patroni")
                    .map(d -> d.get("pause"))
                    .equals(Optional.of(true)));
            harness.await("the guard is disarmed", () -> harness.client()
                    .document(leader, "/regent/explain")
                    .map(d -> d.get("guard_armed"))
                    .equals(Optional.of(false)));

            long killed = System.nanoTime();
            harness.killAgent(leader);

            // Far longer than any lease: PostgreSQL goes on, and nobody is promoted beside it.
            harness.awaitWritesOn(leader, killed + TimeUnit.SECONDS.toNanos(20));
            for (LocalNode other : harness.nodesBut(leader)) {
                assertThat(harness.isInRecovery(other)).contains(true);
                assertThat(harness.writer(other).acks()).isEmpty();
            }
        }
    }
}
