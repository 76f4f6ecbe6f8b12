package org.pgregent.dcs.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.StreamSupport;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsProvider;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.testkit.FreePorts;

class ZooKeeperSettingsTest {

    private static ZooKeeperSettings parse(Map<String, Object> settings) throws DcsException {
        return ZooKeeperSettings.parse("zookeeper", settings, EmbeddedSettings.parse("zookeeper", settings));
    }

    private static void assertRefused(Map<String, Object> settings, String... words) {
        assertThatThrownBy(() -> parse(settings))
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContainingAll(words);
    }

    private static Map<String, Object> with(Map<String, Object> settings, String key, Object value) {
        Map<String, Object> changed = new HashMap<>(settings);
        changed.put(key, value);
        return changed;
    }

    private static final Map<String, Object> OUTSIDE = Map.of("hosts", "z1");

    private static Map<String, Object> embedded(Object id, String host, String secret) {
        Map<String, Object> embedded = new HashMap<>(Map.of(
                "id",
                id,
                "data_dir",
                "/data",
                "servers",
                Map.of(1, host + ":1:2:3", 2, host + ":4:5:6", 3, host + ":7:8:9")));
        if (secret != null) {
            embedded.put("secret", secret);
        }
        return Map.of("embedded", embedded);
    }

    @Test
    void theProviderIsFound() {
        DcsProvider found = StreamSupport.stream(
                        ServiceLoader.load(DcsProvider.class).spliterator(), false)
                .filter(provider -> provider.name().equals("zookeeper"))
                .findFirst()
                .orElseThrow();
        assertThat(found.sections()).containsExactly("zookeeper");
        assertThat(found.shortestTtl()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void hasTheUsualDefaults() throws Exception {
        ZooKeeperSettings settings = parse(OUTSIDE);
        assertThat(settings.hosts()).containsExactly(new HostPort("z1", 2181));
        assertThat(settings.authData()).isEmpty();
        assertThat(settings.acls()).isEqualTo(ZooDefs.Ids.OPEN_ACL_UNSAFE);
        assertThat(settings.tick()).isEqualTo(Duration.ofSeconds(2));
        assertThat(settings.slack()).isEqualTo(Duration.ofSeconds(3));
        assertThat(settings.chroot()).isEmpty();
        assertThat(settings.tls()).isEmpty();
        assertThat(settings.ownsTree()).isFalse();
    }

    @Test
    void takesHostsAsAListOrAText() throws Exception {
        List<HostPort> expected = List.of(new HostPort("z1", 2181), new HostPort("::1", 2182), new HostPort("z3", 1));
        assertThat(parse(Map.of("hosts", List.of("z1:2181", "[::1]:2182", "z3:1")))
                        .hosts())
                .isEqualTo(expected);
        assertThat(parse(Map.of("hosts", "z1:2181, [::1]:2182,z3:1")).hosts()).isEqualTo(expected);
        assertThat(parse(Map.of("hosts", "'z1:2181','[::1]:2182','z3:1'")).hosts())
                .isEqualTo(expected);
    }

    @Test
    void takesAclsAndAuth() throws Exception {
        ZooKeeperSettings settings = parse(Map.of(
                "hosts",
                "z1",
                "tick_time",
                1000,
                "auth_data",
                Map.of("digest", "me:secret"),
                "set_acls",
                Map.of("CN=a", List.of("ALL"), "digest:me:hash", List.of("READ", "WRITE"))));
        assertThat(settings.authData().get("digest")).asString().isEqualTo("me:secret");
        assertThat(settings.acls())
                .containsExactlyInAnyOrder(
                        new ACL(ZooDefs.Perms.ALL, new Id("x509", "CN=a")),
                        new ACL(ZooDefs.Perms.READ | ZooDefs.Perms.WRITE, new Id("digest", "me:hash")));
        assertThat(settings.tick()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void refusesWhatItCannotDo() {
        assertRefused(Map.of(), "zookeeper.hosts", "missing");
        assertRefused(Map.of("hosts", " , "), "zookeeper.hosts", "empty");
        assertRefused(Map.of("hosts", "z1:x"), "zookeeper.hosts", "z1:x");
        assertRefused(Map.of("hosts", "z1:70000"), "zookeeper.hosts", "65535");
        assertRefused(with(OUTSIDE, "use_ssl", "maybe"), "zookeeper.use_ssl");
        assertRefused(with(OUTSIDE, "set_acls", Map.of("a", List.of("EAT"))), "zookeeper.set_acls", "EAT");
        assertRefused(with(OUTSIDE, "set_acls", Map.of()), "zookeeper.set_acls");
        assertRefused(with(OUTSIDE, "auth_data", "x"), "zookeeper.auth_data");
        assertRefused(with(OUTSIDE, "tick_time", "soon"), "zookeeper.tick_time");
        assertRefused(with(OUTSIDE, "tick_time", 1), "zookeeper.tick_time");
        assertRefused(with(OUTSIDE, "hots", "z1"), "zookeeper.hots", "known are");
    }

    @Test
    void ignoresTlsFilesWithoutTls() throws Exception {
        assertThat(parse(with(with(OUTSIDE, "use_ssl", false), "cacert", "/ca")).hosts())
                .hasSize(1);
    }

    @Test
    void embeddedTriesItsOwnServerFirst() throws Exception {
        ZooKeeperSettings settings = parse(embedded(2, "127.0.0.1", null));
        assertThat(settings.hosts().stream().map(HostPort::port)).containsExactly(6, 9, 3);
        assertThat(settings.tick()).isEqualTo(Duration.ofMillis(500));
        assertThat(settings.acls()).isEqualTo(ZooDefs.Ids.OPEN_ACL_UNSAFE);
        assertThat(settings.ownsTree()).isTrue();
    }

    @Test
    void aSecretClosesTheTreeAndStaysSecret() throws Exception {
        String secret = "0123456789abcdef";
        ZooKeeperSettings settings = parse(embedded("1", "127.0.0.1", secret));
        assertThat(settings.acls()).isEqualTo(ZooDefs.Ids.CREATOR_ALL_ACL);
        assertThat(settings.authData().get("digest"))
                .asString()
                .startsWith("pgregent:")
                .doesNotContain(secret);
        Optional<EmbeddedSettings> embedded = EmbeddedSettings.parse("zookeeper", embedded("1", "127.0.0.1", secret));
        assertThat(embedded.orElseThrow().toString()).doesNotContain(secret);
        assertThat(settings.authData().get("digest"))
                .asString()
                .doesNotContain(embedded.orElseThrow().peerPassword().orElseThrow());
    }

    @Test
    void offLoopbackItNeedsASecret() throws Exception {
        assertRefused(embedded(1, "192.0.2.1", null), "zookeeper.embedded.secret", "192.0.2.1", "set the same secret");
        assertRefused(embedded(1, "192.0.2.1", "short"), "zookeeper.embedded.secret", "16");
        assertThat(parse(embedded(1, "192.0.2.1", "0123456789abcdef")).hosts()).hasSize(3);
    }

    @Test
    void refusesEmbeddedSettingsThatCannotWork() {
        assertRefused(Map.of("embedded", 1), "zookeeper.embedded");
        assertRefused(embedded(4, "127.0.0.1", null), "zookeeper.embedded.id", "4");
        assertRefused(embedded("one", "127.0.0.1", null), "zookeeper.embedded.id", "one");
        assertRefused(embedded(0, "127.0.0.1", null), "zookeeper.embedded.id");
        assertRefused(with(embedded(1, "127.0.0.1", null), "hosts", "z1"), "zookeeper.hosts", "embedded");
        assertRefused(
                Map.of("embedded", Map.of("id", 1, "servers", Map.of(1, "127.0.0.1:1:2:3"))),
                "zookeeper.embedded.data_dir",
                "missing");
        assertRefused(
                Map.of("embedded", Map.of("id", 1, "data_dir", "/d", "servers", Map.of(1, "127.0.0.1:1:2"))),
                "zookeeper.embedded.servers.1",
                "three ports");
        assertRefused(Map.of("embedded", Map.of("id", 1, "data_dir", "/d")), "zookeeper.embedded.servers");
        assertRefused(Map.of("embedded", Map.of("idd", 1)), "zookeeper.embedded.idd");
        assertRefused(
                Map.of("embedded", Map.of("id", 1, "data_dir", "/d", "servers", Map.of(1, "127.0.0.1:1:2:1"))),
                "zookeeper.embedded.servers.1 is '127.0.0.1:1:2:1', and 127.0.0.1:1 is there twice",
                "three ports of its own");
        assertRefused(with(embedded(1, "127.0.0.1", null), "tick_time", 1), "zookeeper.tick_time", "embedded");
    }

    @Test
    void allThatIsWrongWithAnEmbeddedServerIsSaidAtOnceOneALine() {
        assertThatThrownBy(() -> parse(Map.of(
                        "embedded",
                        Map.of(
                                "secret",
                                "s3cret",
                                "servers",
                                Map.of(1, "192.0.2.1:1:2:3"),
                                "servers_version",
                                "x",
                                "tick_time",
                                1,
                                "cert",
                                "/nowhere/cert.pem"))))
                .isInstanceOf(DcsRefusedException.class)
                .message()
                .satisfies(text -> assertThat(text.lines().map(line -> line.split(" ", 2)[0]))
                        .containsExactlyInAnyOrder(
                                "zookeeper.embedded.id",
                                "zookeeper.embedded.data_dir",
                                "zookeeper.embedded.secret",
                                "zookeeper.embedded.servers_version",
                                "zookeeper.embedded.tick_time",
                                "zookeeper.embedded.cert"))
                .satisfies(text -> assertThat(text).doesNotContain("s3cret"));
    }

    /** Whoever asks whether a configuration is right must not found a quorum by it. */
    @Test
    void checkingStartsNoServer(@TempDir Path folder) throws Exception {
        Path data = folder.resolve("data");
        int port = FreePorts.take();
        Map<String, Object> embedded =
                Map.of("id", 1, "data_dir", data.toString(), "servers", Map.of(1, "127.0.0.1:1:2:" + port));
        new ZooKeeperProvider()
                .check(new DcsConfig("zookeeper", Map.of("embedded", embedded), "n1", folder, Duration.ofSeconds(30)));
        assertThat(data).doesNotExist();
        assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
                .isInstanceOf(ConnectException.class);
    }

    @Test
    void listensNowhereElse() {
        assertThat(EmbeddedSettings.Server.parse("db1:1:2:3").line("participant", true))
                .isEqualTo("db1:1:2:participant;db1:3");
        assertThat(EmbeddedSettings.Server.parse("[::1]:1:2:3").line("participant", true))
                .isEqualTo("[::1]:1:2:participant;[::1]:3");
        assertThat(EmbeddedSettings.Server.parse("db1:1:2:3").line("observer", false))
                .isEqualTo("db1:1:2:observer");
    }
}
