package org.pgregent.launcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.launcher.demo.LocalNode;

/** What can happen to the quorum that the agents carry, and to all of them at once. */
@Timeout(300)
class QuorumFaultsIT {

    private static final String SYSTEM_ID = "SELECT system_identifier FROM pg_control_system()";

    @Test
    void onePartOfTheQuorumMayBeLost() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("one-lost", 3)) {
            LocalNode leader = harness.leader();
            LocalNode other = harness.nodesBut(leader).get(0);
            harness.startWriters();
            harness.await(
                    "acknowledgements", () -> harness.writer(leader).acks().size() >= 20);

            long killed = System.nanoTime();
            harness.killAgentAndPostgres(other);

            harness.awaitWritesOn(leader, killed + TimeUnit.SECONDS.toNanos(15));
            assertThat(harness.leader()).isEqualTo(leader);
            assertThat(harness.isInRecovery(leader)).contains(false);
            harness.start(other);
            harness.awaitWhole();
            assertThat(harness.leader()).isEqualTo(leader);
        }
    }

    @Test
    void withTwoPartsLostThePrimaryTakesNoWritesAndGoesOnByItselfWhenOneReturns() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("two-lost", 3)) {
            LocalNode leader = harness.leader();
            List<LocalNode> others = harness.nodesBut(leader);
            harness.startWriters();
            harness.await(
                    "acknowledgements", () -> harness.writer(leader).acks().size() >= 20);

            for (LocalNode other : others) {
                harness.killAgentAndPostgres(other);
            }
            harness.await("the primary is read-only", () -> harness.isInRecovery(leader)
                    .equals(Optional.of(true)));
            int acknowledged = harness.writer(leader).acks().size();
            TimeUnit.SECONDS.sleep(3);
            assertThat(harness.writer(leader).acks()).as("no write got through").hasSize(acknowledged);

            long returned = System.nanoTime();
            harness.start(others.get(0));
            LocalNode next = leaderThatWrites(harness, returned);
            assertThat(harness.nodesBut(others.get(1))).contains(next);
            harness.start(others.get(1));
            harness.awaitWhole();
        }
    }

    /** Nobody is left who knows until when it may write, and nobody can be asked. */
    @Test
    void anAgentThatComesBackBesideAPrimaryWithoutGuardAndQuorumStopsIt() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("alone-with-a-primary", 3)) {
            LocalNode leader = harness.leader();
            long postmaster = harness.cluster().postmasterPid(leader).orElseThrow();
            for (LocalNode other : harness.nodesBut(leader)) {
                harness.freezeAgent(other);
            }
            harness.killAgent(leader);
            harness.killGuard(leader);

            harness.start(leader);

            harness.await("the primary of the former agent is stopped", () -> ClusterHarness.isDead(postmaster));
            assertThat(harness.logOf(leader)).contains("no guard knows until when it may");
            for (LocalNode other : harness.nodesBut(leader)) {
                harness.thawAgent(other);
            }
            harness.awaitWhole();
        }
    }

    private static LocalNode leaderThatWrites(ClusterHarness harness, long since) throws Exception {
        LocalNode[] found = new LocalNode[1];
        harness.await("somebody takes writes", () -> harness.nodes().stream()
                .filter(node -> harness.writer(node).firstAfter(since).isPresent())
                .findFirst()
                .map(node -> found[0] = node)
                .isPresent());
        return found[0];
    }

    @Test
    void whenTheStoreHasLostAllDataTheClusterIsRegisteredAgainAndNotMadeAnew() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("store-lost", 3)) {
            LocalNode leader = harness.leader();
            harness.execute(leader, "CREATE TABLE kept AS SELECT 42 AS x");
            Optional<String> systemId = harness.query(leader, SYSTEM_ID);
            assertThat(systemId).isPresent();

            for (LocalNode node : harness.nodes()) {
                harness.killAgent(node);
            }
            for (LocalNode node : harness.nodes()) {
                wipe(node.folder().resolve("quorum"));
            }
            harness.cluster().startAll();
            harness.awaitWhole();

            for (LocalNode node : harness.nodes()) {
                assertThat(harness.query(node, SYSTEM_ID)).isEqualTo(systemId);
                assertThat(harness.query(node, "SELECT x FROM kept")).contains("42");
            }
        }
    }

    /** It was registered again, by whom nobody knows, and its primary may still write: the former lease is what holds. */
    @Test
    void aStoreThatForgotItsLeaderLetsNobodyLeadBesideThePrimary() throws Exception {
        try (ClusterHarness harness = ClusterHarness.create("store-forgot", 3, ClusterHarness.STEADY)
                        .withOpenStore()
                        .started();
                Dcs store = harness.store()) {
            LocalNode old = harness.leader();
            harness.startWriters();
            harness.await("acknowledgements", () -> harness.writer(old).acks().size() >= 50);
            Duration patience = Duration.ofSeconds(20);

            long killed = System.nanoTime();
            harness.killAgent(old);
            for (String key : store.readAll("/service/demo", patience).entries().keySet()) {
                if (!key.endsWith("/initialize")) {
                    store.delete(key, Expect.anything(), patience);
                }
            }

            LocalNode next = harness.awaitLeaderOtherThan(old);
            harness.awaitWritesOn(next, killed);
            harness.assertOneAfterTheOther(old, next);
            assertThat(harness.cluster().isPostgresAlive(old)).isFalse();
        }
    }

    private static void wipe(Path folder) throws Exception {
        List<Path> all;
        try (Stream<Path> walk = Files.walk(folder)) {
            all = new ArrayList<>(walk.filter(p -> !p.equals(folder)).toList());
        }
        java.util.Collections.reverse(all);
        for (Path path : all) {
            Files.delete(path);
        }
    }

    @Test
    void allKilledAtOnceComeBackWithEverything() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("all-killed", 3)) {
            LocalNode leader = harness.leader();
            harness.startWriters();
            harness.await(
                    "acknowledgements", () -> harness.writer(leader).acks().size() >= 100);

            for (LocalNode node : harness.nodes()) {
                harness.killAgent(node);
            }
            for (LocalNode node : harness.nodes()) {
                harness.killPostgres(node);
            }
            // The kills are not at one instant: what was acknowledged before all were dead is what must be there.
            int acknowledged = harness.writer(leader).acks().size();
            harness.cluster().startAll();
            harness.awaitWhole();

            LocalNode next = harness.leader();
            if (next.equals(leader)) {
                String rows = harness.query(next, "SELECT count(*) FROM acks WHERE node = '" + leader.name() + "'")
                        .orElseThrow();
                assertThat(Integer.parseInt(rows)).isGreaterThanOrEqualTo(acknowledged);
            }
            harness.awaitWritesOn(next, System.nanoTime());
        }
    }

    @Test
    void allToldToEndAtOnceEndWithZero() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("all-ended", 3)) {
            LocalNode leader = harness.leader();
            harness.execute(leader, "CREATE TABLE kept AS SELECT 42 AS x");
            for (LocalNode node : harness.nodes()) {
                harness.cluster().signalAgent(node, "TERM");
            }
            for (LocalNode node : harness.nodes()) {
                Process agent = harness.cluster().agent(node).orElseThrow();
                assertThat(agent.waitFor(ClusterHarness.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                        .as(node.name() + " ended")
                        .isTrue();
                assertThat(agent.exitValue()).as(node.name()).isZero();
                assertThat(harness.cluster().isPostgresAlive(node)).isFalse();
            }
            harness.cluster().startAll();
            harness.awaitWhole();
            assertThat(harness.query(harness.leader(), "SELECT x FROM kept")).contains("42");
        }
    }
}
