package org.pgregent.launcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgregent.launcher.demo.LocalNode;

/** What a person may get wrong: one message that names key or folder and the remedy, exit code 1, and nothing touched. */
@Timeout(300)
class BadInputIT {

    /** Changes the first node, starts it and returns what it said when it ended. */
    static String refused(ClusterHarness harness, UnaryOperator<Map<String, Object>> mistake) throws Exception {
        LocalNode node = harness.nodes().get(0);
        harness.edit(node, mistake);
        harness.start(node);
        Process agent = harness.cluster().agent(node).orElseThrow();
        boolean ended = agent.waitFor(ClusterHarness.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        String log = harness.logOf(node);
        assertThat(ended).as(log).isTrue();
        assertThat(agent.exitValue()).as(log).isEqualTo(1);
        assertThat(log).doesNotContain("\tat org.pgregent");
        return log;
    }

    @Test
    void aMissingKey() throws Exception {
        try (ClusterHarness harness = ClusterHarness.create("missing-key", 1, ClusterHarness.STEADY)) {
            String log = refused(harness, config -> {
                config.remove("scope");
                ClusterHarness.section(config, "postgresql").remove("data_dir");
                return config;
            });
            assertThat(log).contains("scope").contains("postgresql.data_dir");
            assertThat(harness.nodes().get(0).dataDir()).doesNotExist();
        }
    }

    @Test
    void aNodeWithoutPostgresqlThatIsNoWitness() throws Exception {
        try (ClusterHarness harness = ClusterHarness.create("no-postgresql", 1, ClusterHarness.STEADY)) {
            String log = refused(harness, config -> {
                config.remove("postgresql");
                return config;
            });
            assertThat(log).contains("postgresql is not defined").contains("regent.witness");
            assertThat(log.lines()).hasSize(1);
        }
    }

    @Test
    void aWitnessThatCannotBeOne() throws Exception {
        try (ClusterHarness harness = ClusterHarness.create("no-witness", 1, ClusterHarness.STEADY)) {
            String both = refused(harness, config -> {
                ClusterHarness.section(config, "regent").put("witness", true);
                return config;
            });
            assertThat(both)
                    .contains("regent.witness 'true'")
                    .contains("postgresql")
                    .contains("remove one of the two");
            String outside = refused(harness, config -> {
                config.remove("postgresql");
                config.put("zookeeper", Map.of("hosts", "127.0.0.1:2181"));
                return config;
            });
            assertThat(outside).contains("regent.witness 'true'").contains("zookeeper.embedded");
            String wrong = refused(harness, config -> {
                config.put(
                        "zookeeper",
                        Map.of("embedded", Map.of("id", 7, "data_dir", "/nowhere", "servers", Map.of("1", "h:1:2:3"))));
                return config;
            });
            assertThat(wrong).contains("zookeeper.embedded.id is 7").contains("add it there");
        }
    }

    @Test
    void aPortInUse() throws Exception {
        try (ClusterHarness harness = ClusterHarness.create("port-in-use", 1, ClusterHarness.STEADY)) {
            LocalNode node = harness.nodes().get(0);
            try (ServerSocket taken = new ServerSocket(node.restPort(), 1, InetAddress.getLoopbackAddress())) {
                String log = refused(harness, config -> config);
                assertThat(log).contains("restapi.listen").contains(Integer.toString(taken.getLocalPort()));
                assertThat(node.dataDir()).doesNotExist();
            }
        }
    }

    @Test
    void binariesThatAreNotThere() throws Exception {
        try (ClusterHarness harness = ClusterHarness.create("no-binaries", 1, ClusterHarness.STEADY)) {
            String log = refused(harness, config -> {
                ClusterHarness.section(config, "postgresql").put("bin_dir", "/nowhere/bin");
                return config;
            });
            assertThat(log).contains("bin_dir").contains("/nowhere/bin");
            assertThat(harness.nodes().get(0).dataDir()).doesNotExist();
        }
    }

    @Test
    void aDataFolderOfAnotherCluster() throws Exception {
        try (ClusterHarness one = ClusterHarness.create("foreign-data", 1, ClusterHarness.STEADY)
                        .started();
                ClusterHarness other = ClusterHarness.create("foreign-data-other", 1, ClusterHarness.STEADY)
                        .started()) {
            LocalNode node = one.nodes().get(0);
            LocalNode stranger = other.nodes().get(0);
            assertThat(one.terminate(node)).isZero();
            assertThat(other.terminate(stranger)).isZero();
            String before = Files.readString(stranger.dataDir().resolve("PG_VERSION"));

            String log = refused(one, config -> {
                ClusterHarness.section(config, "postgresql")
                        .put("data_dir", stranger.dataDir().toString());
                return config;
            });

            assertThat(log).contains("system ID mismatch").contains("data_dir");
            assertThat(stranger.dataDir().resolve("PG_VERSION")).hasContent(before.strip());
            assertThat(one.cluster().isPostgresAlive(stranger)).isFalse();
        }
    }

    @Test
    void aWrongPassword() throws Exception {
        try (ClusterHarness harness = ClusterHarness.create("wrong-password", 1, ClusterHarness.STEADY)
                .started()) {
            LocalNode node = harness.nodes().get(0);
            harness.killAgent(node);
            String log = refused(harness, BadInputIT::wrongPassword);
            assertThat(log).contains("postgresql.authentication.superuser").doesNotContain("not this one");
        }
    }

    /** It has to be started to be asked. */
    @Test
    void aWrongPasswordOfAPostgresThatDoesNotRun() throws Exception {
        try (ClusterHarness harness = ClusterHarness.create("wrong-password-stopped", 1, ClusterHarness.STEADY)
                .started()) {
            LocalNode node = harness.nodes().get(0);
            assertThat(harness.terminate(node)).isZero();
            String log = refused(harness, BadInputIT::wrongPassword);
            assertThat(log)
                    .contains("postgresql.authentication.superuser")
                    .contains("PostgreSQL was stopped again")
                    .doesNotContain("not this one");
            assertThat(harness.cluster().isPostgresAlive(node)).isFalse();
        }
    }

    private static Map<String, Object> wrongPassword(Map<String, Object> config) {
        ClusterHarness.section(
                        ClusterHarness.section(ClusterHarness.section(config, "postgresql"), "authentication"),
                        "superuser")
                .put("password", "not this one");
        return config;
    }
}
