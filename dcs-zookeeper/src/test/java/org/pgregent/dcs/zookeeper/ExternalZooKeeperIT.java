package org.pgregent.dcs.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.WriteResult;
import org.pgregent.dcs.testkit.TcpProxy;
import org.pgregent.dcs.testkit.TestCertificates;

/** What concerns servers outside only: their limits, their locks, their certificates, and what is said when it does not fit. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ExternalZooKeeperIT {

    private static final Duration TTL = Duration.ofSeconds(6);
    private static final Duration CALL = Duration.ofSeconds(25);

    @TempDir
    private Path folder;

    private ZooKeeperServer servers;

    @AfterEach
    void stop() throws IOException {
        if (servers != null) {
            servers.close();
        }
    }

    private Dcs connect(String host, Map<String, Object> more) throws DcsException, IOException {
        return connect(host, more, Files.createTempDirectory(folder, "state"));
    }

    private static Dcs connect(String host, Map<String, Object> more, Path state) throws DcsException {
        Map<String, Object> section = new TreeMap<>(more);
        section.put("hosts", host);
        section.putIfAbsent("tick_time", 500);
        return new ZooKeeperProvider().connect(new DcsConfig("zookeeper", section, "n1", state, TTL));
    }

    private static WriteResult put(Dcs dcs, String key, String value) throws DcsException {
        return dcs.put(key, value.getBytes(StandardCharsets.UTF_8), Expect.anything(), Optional.empty(), CALL);
    }

    /** On a busy machine the first handshake of a process takes its time. */
    private static void awaitWritten(Dcs dcs, String value) throws InterruptedException {
        Ensemble.await("a write of " + value, () -> put(dcs, "/it/a", value).written());
    }

    private ZooKeeperServer plain() throws Exception {
        servers = ZooKeeperServer.of(1).started();
        return servers;
    }

    /** The first answers may come before the reason is known. */
    private static void assertSoonSaid(Class<? extends DcsException> kind, Dcs dcs, String... words) throws Exception {
        Ensemble.await("an answer with " + List.of(words), () -> {
            try {
                dcs.readAll("/it", Duration.ofSeconds(2));
                return false;
            } catch (DcsException e) {
                boolean said = kind.isInstance(e);
                for (String word : words) {
                    said &= e.getMessage().contains(word);
                }
                if (said) {
                    System.out.println("SAID " + e.getMessage());
                    return true;
                }
                throw e;
            }
        });
    }

    @Test
    void aTtlAboveTheServersLimitIsRefusedWithTheServersSetting() throws Exception {
        servers = ZooKeeperServer.of(1).with("maxSessionTimeout", "5000").started();
        try (Dcs dcs = connect(servers.hosts().get(0), Map.of())) {
            assertThatThrownBy(() -> dcs.grant(TTL, CALL))
                    .isInstanceOf(DcsRefusedException.class)
                    .hasMessageContainingAll("5000 ms", "6000 ms", "maxSessionTimeout");
        }
    }

    @Test
    void aTtlBelowTheServersLimitIsGrantedAsLongAsTheServerWants() throws Exception {
        servers = ZooKeeperServer.of(1).with("minSessionTimeout", "9000").started();
        try (Dcs dcs = connect(servers.hosts().get(0), Map.of())) {
            Lease lease = dcs.grant(TTL, CALL);
            assertThat(lease.ttl()).isEqualTo(Duration.ofSeconds(9));
            assertThat(dcs.renew(lease, CALL)).isTrue();
            assertThat(dcs.grant(TTL, CALL).id()).isEqualTo(lease.id());
        }
    }

    /** After a restart of the agent its keys are still its own; if it was away for too long, they are gone with the session. */
    @Test
    void theNextProcessTakesUpTheSessionAsLongAsItLives() throws Exception {
        plain();
        String host = servers.hosts().get(0);
        Path state = Files.createDirectory(folder.resolve("own"));
        String first;
        try (Dcs dcs = connect(host, Map.of(), state)) {
            Lease lease = dcs.grant(TTL, CALL);
            first = lease.id();
            assertThat(dcs.put("/it/held", new byte[1], Expect.absent(), Optional.of(lease), CALL)
                            .written())
                    .isTrue();
        }
        try (Stream<Path> files = Files.list(state)) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactly("zookeeper.session");
        }
        Path file = state.resolve("zookeeper.session");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        // Id, password and ttl: enough to go on with the session, and good for nothing else.
        assertThat(file).content().matches(first + " [0-9a-f]{32} 6000\n");

        try (Dcs next = connect(host, Map.of(), state)) {
            Lease taken = next.grant(TTL, CALL);
            assertThat(taken.id()).isEqualTo(first);
            assertThat(next.renew(taken, CALL)).isTrue();
        }
        try (Dcs observer = connect(host, Map.of())) {
            assertThat(observer.readAll("/it", CALL).get("/it/held")).isPresent();
            Ensemble.await(
                    "the end of the session nobody took up",
                    () -> observer.readAll("/it", CALL).get("/it/held").isEmpty());
        }
        try (Dcs late = connect(host, Map.of(), state)) {
            Lease other = late.grant(TTL, CALL);
            assertThat(other.id()).isNotEqualTo(first);
            assertThat(file).content().startsWith(other.id() + " ");
        }
    }

    /** A connection that is gone for less than the ttl is no reason to let go; a session that is over is. */
    @Test
    void aSuspendedSessionGoesOnAndALostOneIsLost() throws Exception {
        plain();
        try (TcpProxy network = new TcpProxy(servers.clientPort(1));
                Dcs holder = connect("127.0.0.1:" + network.port(), Map.of());
                Dcs observer = connect(servers.hosts().get(0), Map.of())) {
            Lease lease = holder.grant(TTL, CALL);
            assertThat(holder.put("/it/held", new byte[1], Expect.absent(), Optional.of(lease), CALL)
                            .written())
                    .isTrue();
            network.drop();
            assertThatThrownBy(() -> holder.renew(lease, Duration.ofSeconds(1)))
                    .isInstanceOf(DcsException.class)
                    .isNotInstanceOf(DcsRefusedException.class);
            network.pass();
            Ensemble.await("a renewal after the suspension", () -> holder.renew(lease, CALL));
            assertThat(observer.readAll("/it", CALL)
                            .get("/it/held")
                            .orElseThrow()
                            .leaseId())
                    .contains(lease.id());

            network.drop();
            Ensemble.await(
                    "the end of the session",
                    () -> observer.readAll("/it", CALL).get("/it/held").isEmpty());
            assertThatThrownBy(() -> holder.renew(lease, Duration.ofSeconds(1)))
                    .as("over, but nobody has told")
                    .isInstanceOf(DcsUnavailableException.class);
            network.pass();
            Ensemble.await("the word that it is over", () -> !holder.renew(lease, CALL));
        }
    }

    @Test
    void keysAreClosedToWhoeverTheAclsDoNotName() throws Exception {
        plain();
        String digest = org.apache.zookeeper.server.auth.DigestAuthenticationProvider.generateDigest("agent:secret");
        Map<String, Object> acls = Map.of("digest:" + digest, List.of("ALL"));
        Map<String, Object> known = Map.of("auth_data", Map.of("digest", "agent:secret"), "set_acls", acls);
        try (Dcs dcs = connect(servers.hosts().get(0), known);
                Dcs stranger = connect(servers.hosts().get(0), Map.of());
                Dcs mistaken = connect(
                        servers.hosts().get(0),
                        Map.of("auth_data", Map.of("digest", "agent:wrong"), "set_acls", acls));
                Dcs unknownScheme =
                        connect(servers.hosts().get(0), Map.of("auth_data", Map.of("nosuch", "agent:secret")))) {
            assertThat(put(dcs, "/it/a", "1").written()).isTrue();
            assertThat(put(dcs, "/it/a", "2").written()).isTrue();
            for (Dcs other : List.of(stranger, mistaken)) {
                assertThatThrownBy(() -> other.readAll("/it", CALL))
                        .isInstanceOf(DcsRefusedException.class)
                        .hasMessageContainingAll("/it", "zookeeper.auth_data");
                assertThatThrownBy(() -> put(other, "/it/a", "3"))
                        .isInstanceOf(DcsRefusedException.class)
                        .hasMessageContainingAll("/it", "zookeeper.auth_data");
            }
            Ensemble.await("a refusal of the scheme", () -> {
                try {
                    unknownScheme.readAll("/it", CALL);
                    return false;
                } catch (DcsRefusedException e) {
                    assertThat(e).hasMessageContaining("auth_data").hasMessageNotContaining("secret");
                    return true;
                }
            });
            assertThat(dcs.readAll("/it", CALL).get("/it/a").orElseThrow().text())
                    .isEqualTo("2");
        }
    }

    @Test
    void allKeysAreBelowTheChroot() throws Exception {
        plain();
        try (Dcs below = connect(servers.hosts().get(0) + "/shared/ours", Map.of());
                Dcs above = connect(servers.hosts().get(0), Map.of())) {
            assertThat(put(below, "/service/main/config", "{}").written()).isTrue();
            assertThat(below.readAll("/service", CALL).entries()).containsOnlyKeys("/service/main/config");
            assertThat(above.readAll("/shared", CALL).entries()).containsOnlyKeys("/shared/ours/service/main/config");
        }
    }

    @Test
    void whoCannotBeReachedIsNamed() throws Exception {
        plain();
        int nobody = org.pgregent.dcs.testkit.FreePorts.take();
        try (Dcs dcs = connect("127.0.0.1:" + nobody, Map.of())) {
            assertSoonSaid(
                    DcsUnavailableException.class,
                    dcs,
                    "127.0.0.1:" + nobody,
                    "nobody listens",
                    "zookeeper.hosts",
                    "start the server");
        }
        try (Dcs dcs = connect("no-such-host.invalid:2181", Map.of())) {
            assertSoonSaid(
                    DcsUnavailableException.class,
                    dcs,
                    "zookeeper.hosts",
                    "no-such-host.invalid",
                    "cannot be resolved");
        }
        servers.process(1).freeze();
        try (Dcs dcs = connect(servers.hosts().get(0), Map.of())) {
            assertSoonSaid(DcsUnavailableException.class, dcs, servers.hosts().get(0), "no answer");
        } finally {
            servers.process(1).thaw();
        }
    }

    @Test
    void whatIsWrongWithTlsIsSaid() throws Exception {
        servers = ZooKeeperServer.of(1);
        TestCertificates authority = TestCertificates.in(folder.resolve("ca"));
        TestCertificates stranger = TestCertificates.in(folder.resolve("other-ca"));
        TestCertificates.Issued agent = authority.issue("agent");
        TestCertificates.Issued foreign = stranger.issue("foreign");
        servers.withTls(authority, authority.issue("zk", "IP:127.0.0.1"), "need")
                .started();
        String secure = servers.secureHosts().get(0);
        Map<String, Object> right = tls(authority.ca(), agent);

        try (Dcs dcs = connect(secure, right)) {
            awaitWritten(dcs, "1");
        }
        try (Dcs dcs = connect(secure, with(right, "cacert", stranger.ca().toString()))) {
            assertSoonSaid(
                    DcsRefusedException.class,
                    dcs,
                    "zookeeper.cacert",
                    stranger.ca().toString(),
                    secure);
        }
        try (Dcs dcs = connect("localhost:" + servers.securePort(1), right)) {
            assertSoonSaid(DcsRefusedException.class, dcs, "zookeeper.hosts", "localhost", "not for that name");
        }
        try (Dcs dcs = connect(secure, tls(authority.ca(), foreign))) {
            assertSoonSaid(DcsRefusedException.class, dcs, "zookeeper.cert", "zookeeper.key", secure);
        }
        try (Dcs dcs = connect(servers.hosts().get(0), right)) {
            assertSoonSaid(DcsUnavailableException.class, dcs, "zookeeper.use_ssl", "secureClientPort");
        }
        try (Dcs dcs = connect(secure, Map.of())) {
            assertSoonSaid(DcsUnavailableException.class, dcs, "zookeeper.use_ssl");
        }
        Map<String, Object> unverified = with(tls(stranger.ca(), agent), "verify", false);
        try (Dcs dcs = connect("localhost:" + servers.securePort(1), unverified)) {
            awaitWritten(dcs, "2");
        }
    }

    @Test
    void anEncryptedKeyIsOpenedAndNewCertificatesAreRead() throws Exception {
        servers = ZooKeeperServer.of(1);
        TestCertificates authority = TestCertificates.in(folder.resolve("ca"));
        TestCertificates.Issued agent = authority.issue("agent");
        servers.withTls(authority, authority.issue("zk", "IP:127.0.0.1"), "need")
                .started();
        Path encrypted = folder.resolve("encrypted.key");
        Process openssl = new ProcessBuilder(
                        "openssl",
                        "pkcs8",
                        "-topk8",
                        "-in",
                        agent.key().toString(),
                        "-out",
                        encrypted.toString(),
                        "-passout",
                        "pass:open sesame")
                .inheritIO()
                .start();
        assertThat(openssl.waitFor()).isZero();
        Map<String, Object> right =
                with(with(tls(authority.ca(), agent), "key", encrypted.toString()), "key_password", "open sesame");
        assertThatThrownBy(() -> connect(servers.secureHosts().get(0), with(right, "key_password", "close sesame")))
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContainingAll("zookeeper.key", "key_password")
                .hasMessageNotContaining("sesame");
        try (TcpProxy network = new TcpProxy(servers.securePort(1));
                Dcs dcs = connect("127.0.0.1:" + network.port(), right)) {
            awaitWritten(dcs, "1");
            // The former certificate is not even there any more: only the new one can get a connection.
            TestCertificates.Issued next = authority.issue("agent-next");
            Files.copy(next.certificate(), agent.certificate(), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            Files.delete(encrypted);
            Files.copy(next.key(), encrypted);
            network.drop();
            network.pass();
            awaitWritten(dcs, "2");
        }
    }

    private static Map<String, Object> tls(Path authority, TestCertificates.Issued own) {
        return Map.of(
                "use_ssl",
                true,
                "cacert",
                authority.toString(),
                "cert",
                own.certificate().toString(),
                "key",
                own.key().toString());
    }

    private static Map<String, Object> with(Map<String, Object> settings, String key, Object value) {
        Map<String, Object> changed = new TreeMap<>(settings);
        changed.put(key, value);
        return changed;
    }
}
