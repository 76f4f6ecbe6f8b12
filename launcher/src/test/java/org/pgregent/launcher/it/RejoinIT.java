package org.pgregent.launcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgregent.launcher.demo.LocalNode;

/** How nodes come (back) into the cluster: data folders are mended or kept, never lost. */
@Timeout(300)
class RejoinIT {

    /** Lets the primary acknowledge rows that no standby gets, then kills it. */
    private static void divergeAndKill(ClusterHarness harness, LocalNode old) throws Exception {
        harness.execute(old, "CREATE TABLE only_there (x int)");
        String[] senders = harness.query(
                        old, "SELECT string_agg(pid::text, ' ') FROM pg_stat_replication WHERE state = 'streaming'")
                .orElseThrow()
                .split(" ");
        for (String sender : senders) {
            ClusterHarness.signal("STOP", Long.parseLong(sender));
        }
        harness.execute(old, "INSERT INTO only_there SELECT generate_series(1, 1000)");
        harness.killAgentAndPostgres(old);
    }

    @Test
    void aPrimaryWithWritesOfItsOwnIsRewoundAndFollows() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("rewound", 3)) {
            LocalNode old = harness.leader();
            divergeAndKill(harness, old);
            LocalNode next = harness.awaitLeaderOtherThan(old);
            assertThat(harness.query(next, "SELECT count(*) FROM only_there")).contains("0");
            harness.execute(next, "INSERT INTO only_there VALUES (-1)");

            long started = System.nanoTime();
            harness.start(old);
            harness.awaitWhole();
            System.out.printf("MEASURED rejoined in %.2f s%n", (System.nanoTime() - started) / 1e9);

            assertThat(harness.isInRecovery(old)).contains(true);
            harness.await("the same rows", () -> harness.query(old, "SELECT string_agg(x::text, ',') FROM only_there")
                    .equals(Optional.of("-1")));
            assertThat(harness.logOf(old)).contains("running pg_rewind from");
        }
    }

    @Test
    void aPrimaryThatMayNotBeRewoundKeepsItsDataAndSaysWhy() throws Exception {
        try (ClusterHarness harness = ClusterHarness.create("not-rewound", 3, ClusterHarness.STEADY)
                .withOpenStore()
                .started()) {
            harness.configure(config -> {
                ClusterHarness.section(config, "postgresql").put("use_pg_rewind", false);
                return config;
            });
            LocalNode old = harness.leader();
            divergeAndKill(harness, old);
            harness.awaitLeaderOtherThan(old);
            long before = files(old.dataDir());

            harness.start(old);
            harness.await("it says why it does not follow", () -> harness.client()
                    .because(old)
                    .map(b -> b.contains("use_pg_rewind") && b.contains("data folder is kept"))
                    .orElse(false));

            TimeUnit.SECONDS.sleep(5);
            assertThat(harness.cluster().isPostgresAlive(old)).isFalse();
            assertThat(old.dataDir().resolve("PG_VERSION")).exists();
            assertThat(files(old.dataDir())).isGreaterThanOrEqualTo(before / 2);
            try (Stream<Path> beside = Files.list(old.folder())) {
                assertThat(beside.map(p -> p.getFileName().toString())).noneMatch(n -> n.contains("failed"));
            }
        }
    }

    private static long files(Path folder) throws IOException {
        try (Stream<Path> walk = Files.walk(folder)) {
            return walk.filter(Files::isRegularFile).count();
        }
    }

    @Test
    void aNodeKilledWhileItMakesTheClusterDoesNotStopTheOthersAndJoinsThem() throws Exception {
        try (ClusterHarness harness = ClusterHarness.create("bootstrap-killed", 3, ClusterHarness.STEADY)) {
            harness.cluster().startAll();
            LocalNode[] making = new LocalNode[1];
            harness.await("initdb has begun", () -> {
                for (LocalNode node : harness.nodes()) {
                    if (Files.exists(node.dataDir().resolve("PG_VERSION"))) {
                        making[0] = node;
                    }
                }
                return making[0] != null;
            });
            harness.killAgent(making[0]);
            killAllOf(making[0].dataDir());

            harness.start(making[0]);
            harness.awaitWhole();
            for (LocalNode node : harness.nodes()) {
                assertThat(harness.query(node, "SELECT system_identifier FROM pg_control_system()"))
                        .isEqualTo(
                                harness.query(harness.leader(), "SELECT system_identifier FROM pg_control_system()"));
            }
        }
    }

    private static void killAllOf(Path dataDir) {
        ProcessHandle.allProcesses()
                .filter(p -> p.info()
                        .commandLine()
                        .map(c -> c.contains(dataDir.toString()))
                        .orElse(false))
                .forEach(ProcessHandle::destroyForcibly);
    }

    @Test
    void aPrimaryWhoseDiskIsFullIsReplacedAndComesBackWhenThereIsRoom() throws Exception {
        try (ClusterHarness harness = ClusterHarness.create("disk-full", 3, ClusterHarness.STEADY)) {
            LocalNode small = harness.nodes().get(0);
            Path disk = Files.createDirectories(small.folder().resolve("disk"));
            try (SmallDisk mounted = SmallDisk.at(disk, "400m")) {
                harness.edit(small, config -> {
                    ClusterHarness.section(config, "postgresql")
                            .put("data_dir", disk.resolve("data").toString());
                    return config;
                });
                for (LocalNode node : harness.nodesBut(small)) {
                    // Without this section they never make the cluster, so it is made on the small disk.
                    harness.edit(node, config -> {
                        config.remove("bootstrap");
                        return config;
                    });
                }
                harness.cluster().startAll();
                harness.awaitWhole();
                assertThat(harness.leader()).isEqualTo(small);
                harness.execute(small, "CREATE TABLE kept AS SELECT 42 AS x");

                Path filler = disk.resolve("filler");
                mounted.fill(filler);
                long since = System.nanoTime();
                harness.await("PostgreSQL has run out of space", () -> {
                    // Each switch wants another file of WAL; when there is none to be had the server gives up.
                    harness.query(small, "SELECT pg_logical_emit_message(false, 'fill', repeat('x', 1000000))");
                    harness.query(small, "SELECT pg_switch_wal()");
                    return harness.isInRecovery(small).isEmpty();
                });
                LocalNode next = harness.awaitLeaderOtherThan(small);
                assertThat(harness.query(next, "SELECT x FROM kept")).contains("42");
                System.out.printf(
                        "MEASURED replaced %.2f s after its disk was full%n", (System.nanoTime() - since) / 1e9);

                Files.delete(filler);
                harness.awaitWhole();
                assertThat(harness.query(small, "SELECT x FROM kept")).contains("42");
            }
        }
    }

    @Test
    void aReplicaIsClonedWhenItsFolderIsEmptyAndOnlyThen() throws Exception {
        try (ClusterHarness harness = ClusterHarness.create("not-empty", 3, ClusterHarness.STEADY)) {
            LocalNode strange = harness.nodes().get(2);
            Files.createDirectories(strange.dataDir());
            Path precious = Files.writeString(strange.dataDir().resolve("precious"), "of somebody");
            // It is there before the one that makes the cluster: what it has is no cluster, and keeps nobody from
            // making one.
            LocalNode other = harness.nodes().get(0);
            harness.edit(other, config -> {
                config.remove("bootstrap");
                return config;
            });
            harness.start(strange);
            harness.start(other);
            harness.await("it refuses", () -> harness.logOf(strange).contains("not empty"));
            harness.start(harness.nodes().get(1));
            harness.await("the others are there", () -> harness.client()
                    .members()
                    .map(Map::values)
                    .map(m -> m.stream().anyMatch(x -> x.leads()) && m.stream().anyMatch(x -> x.streams()))
                    .orElse(false));
            harness.await("it says why it does not clone", () -> harness.client()
                    .because(strange)
                    .map(b -> b.contains("not empty"))
                    .orElse(false));
            assertThat(precious).hasContent("of somebody");
        }
    }
}
