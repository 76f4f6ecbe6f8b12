package org.pgregent.launcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.testkit.TestCertificates;
import org.pgregent.dcs.zookeeper.ZooKeeperProvider;
import org.pgregent.dcs.zookeeper.ZooKeeperServer;
import org.pgregent.launcher.demo.LocalNode;

/**
 * What an operator may get wrong with ZooKeeper outside: the agent says key, value and remedy; it waits where waiting can help, and
 * ends with 1 where it cannot.
 */
@Timeout(300)
class ZooKeeperInputIT {

    @TempDir
    Path folder;

    private final ClusterHarness harness;
    private ZooKeeperServer servers;

    ZooKeeperInputIT() throws IOException, InterruptedException {
        harness = ClusterHarness.create("zookeeper-input", 1, ClusterHarness.STEADY);
    }

    @AfterEach
    void stop() throws IOException {
        try {
            harness.close();
        } finally {
            if (servers != null) {
                servers.close();
            }
        }
    }

    private ZooKeeperServer plain() throws Exception {
        servers = ZooKeeperServer.of(1).started();
        return servers;
    }

    private static UnaryOperator<Map<String, Object>> section(Map<String, Object> settings) {
        return config -> {
            config.put("zookeeper", settings);
            return config;
        };
    }

    private String log() throws IOException {
        return harness.logOf(harness.nodes().get(0));
    }

    @Test
    void serversThatCannotBeReachedAreWaitedFor() throws Exception {
        servers = ZooKeeperServer.of(1);
        String host = servers.hosts().get(0);
        harness.withStore("zookeeper", Map.of("hosts", host, "tick_time", 500));
        LocalNode node = harness.nodes().get(0);
        harness.start(node);
        harness.await("the reason in the log", () -> log().contains("nobody listens at " + host));
        assertThat(log()).contains("zookeeper.hosts").contains("start the server");
        assertThat(harness.cluster().agent(node).orElseThrow().isAlive()).isTrue();
        servers.started();
        assertThat(harness.leader()).isEqualTo(node);
    }

    @Test
    void aSectionThatIsNotThere() throws Exception {
        String log = BadInputIT.refused(harness, config -> {
            config.put("zookeepr", config.remove("zookeeper"));
            return config;
        });
        assertThat(log).contains("no section of a consensus store is there").contains("zookeeper");
    }

    @Test
    void aKeyThatIsNotThere() throws Exception {
        String log = BadInputIT.refused(harness, section(Map.of("host", "127.0.0.1:2181")));
        assertThat(log).contains("zookeeper.host is not known").contains("hosts");
    }

    @Test
    void aTtlBelowWhatAnySessionCanKeep() throws Exception {
        plain();
        String log = BadInputIT.refused(harness, config -> {
            ClusterHarness.section(config, "regent").put("minimum_ttl", 3);
            return section(Map.of("hosts", servers.hosts())).apply(config);
        });
        assertThat(log)
                .contains("regent.minimum_ttl '3' is below what zookeeper can keep")
                .contains("at least 5");
    }

    @Test
    void credentialsThatTheServerDoesNotTake() throws Exception {
        String log = BadInputIT.refused(
                harness,
                section(Map.of(
                        "hosts", plain().hosts(), "tick_time", 500, "auth_data", Map.of("nosuch", "agent:s3cret"))));
        assertThat(log).contains("zookeeper.auth_data").contains("correct").doesNotContain("s3cret");
    }

    @Test
    void credentialsThatOpenNothing() throws Exception {
        plain();
        String digest = org.apache.zookeeper.server.auth.DigestAuthenticationProvider.generateDigest("agent:right");
        Map<String, Object> closed = new LinkedHashMap<>(Map.of("hosts", servers.hosts(), "tick_time", 500));
        closed.put("set_acls", Map.of("digest:" + digest, List.of("ALL")));
        closed.put("auth_data", Map.of("digest", "agent:right"));
        try (Dcs owner = new ZooKeeperProvider()
                .connect(new DcsConfig("zookeeper", closed, "owner", folder, Duration.ofSeconds(10)))) {
            assertThat(owner.put(
                                    "/service/demo/config",
                                    "{}".getBytes(StandardCharsets.UTF_8),
                                    Expect.absent(),
                                    Optional.empty(),
                                    Duration.ofSeconds(30))
                            .written())
                    .isTrue();
        }
        closed.put("auth_data", Map.of("digest", "agent:s3cret"));
        String log = BadInputIT.refused(harness, section(closed));
        assertThat(log)
                .contains("may not use /service/demo")
                .contains("zookeeper.auth_data")
                .doesNotContain("s3cret");
    }

    @Test
    void aNameThatIsNotInTheCertificate() throws Exception {
        TestCertificates authority =
                TestCertificates.in(harness.cluster().folder().resolve("tls"));
        TestCertificates.Issued agent = authority.issue("agent");
        Files.setPosixFilePermissions(agent.key(), PosixFilePermissions.fromString("r--r--r--"));
        servers = ZooKeeperServer.of(1);
        servers.withTls(authority, authority.issue("zk", "IP:127.0.0.1"), "need")
                .started();
        String log = BadInputIT.refused(
                harness,
                section(Map.of(
                        "hosts",
                        "localhost:" + servers.securePort(1),
                        "tick_time",
                        500,
                        "use_ssl",
                        true,
                        "cacert",
                        authority.ca().toString(),
                        "cert",
                        agent.certificate().toString(),
                        "key",
                        agent.key().toString())));
        assertThat(log).contains("localhost").contains("not for that name").contains("zookeeper.hosts");
    }

    /** The server may be set right while the agent waits; until then it makes no cluster on a lease that is too short. */
    @Test
    void lessGrantedThanAskedForIsNoLease() throws Exception {
        servers = ZooKeeperServer.of(1).with("maxSessionTimeout", "6000").started();
        harness.withStore("zookeeper", Map.of("hosts", servers.hosts(), "tick_time", 500));
        LocalNode node = harness.nodes().get(0);
        harness.start(node);
        harness.await("the server's setting in the log", () -> log().contains("maxSessionTimeout"));
        assertThat(log()).contains("6000 ms").contains("8000 ms");
        assertThat(harness.isInRecovery(node)).isNotEqualTo(Optional.of(false));
        servers.killAll();
        servers.with("maxSessionTimeout", "60000").started();
        assertThat(harness.leader()).isEqualTo(node);
    }
}
