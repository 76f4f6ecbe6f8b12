package org.pgregent.dcs.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pgregent.dcs.etcd.Connected.CALL;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.testkit.TcpProxy;
import org.pgregent.dcs.testkit.TestCertificates;
import org.pgregent.dcs.testkit.TestCertificates.Issued;

/** A server that wants TLS and certificates of its clients. Its own is for 127.0.0.1 only. */
class TlsIT {

    @TempDir
    static Path folder;

    private static TestCertificates authority;
    private static TestCertificates stranger;
    private static Issued own;
    private static EtcdServer server;

    @BeforeAll
    static void start() throws Exception {
        authority = TestCertificates.in(folder.resolve("ours"));
        stranger = TestCertificates.in(folder.resolve("theirs"));
        own = authority.issue("agent", "DNS:agent");
        server = EtcdServer.start(EtcdServer.Setup.of(1).withTls(authority, true));
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    private static Map<String, Object> section(Path cacert, Path cert, Path key) {
        Map<String, Object> section = new HashMap<>(server.section());
        section.put("protocol", "https");
        section.put("cacert", cacert.toString());
        section.put("cert", cert.toString());
        section.put("key", key.toString());
        return section;
    }

    private static Map<String, Object> right() {
        return section(authority.ca(), own.certificate(), own.key());
    }

    private static void assertRefused(Map<String, Object> section, String... words) throws Exception {
        try (Dcs dcs = Connected.to(section)) {
            assertThat(Connected.refusal(dcs)).hasMessageContainingAll(words);
        }
    }

    @Test
    void servesWhoeverHasTheRightFiles() throws Exception {
        try (Dcs dcs = Connected.to(right())) {
            assertThat(Connected.put(dcs, "/tls/a", "1", Expect.anything()).written())
                    .isTrue();
            assertThat(dcs.renew(dcs.grant(Connected.TTL, CALL), CALL)).isTrue();
        }
    }

    @Test
    void certificateAndKeyMayBeOneFile() throws Exception {
        Path both = folder.resolve("both.pem");
        Files.writeString(both, Files.readString(own.certificate()) + Files.readString(own.key()));
        Map<String, Object> section = right();
        section.put("cert", both.toString());
        section.remove("key");
        try (Dcs dcs = Connected.to(section)) {
            dcs.readAll("/tls", CALL);
        }
    }

    @Test
    void aServerOfAnotherAuthorityIsRefused() throws Exception {
        assertRefused(
                section(stranger.ca(), own.certificate(), own.key()),
                "etcd3.cacert",
                stranger.ca().toString(),
                server.hosts().get(0));
        Map<String, Object> noAuthority = right();
        noAuthority.remove("cacert");
        assertRefused(noAuthority, "etcd3.cacert", "not set");
    }

    @Test
    void aServerOfAnotherNameIsRefused() throws Exception {
        Map<String, Object> section = right();
        section.put("hosts", List.of("localhost:" + server.clientProxy(0).port()));
        assertRefused(section, "etcd3.hosts", "localhost", "another name");
    }

    @Test
    void theServerRefusesAClientWithoutOrWithAStrangeCertificate() throws Exception {
        Map<String, Object> without = right();
        without.remove("cert");
        without.remove("key");
        assertRefused(without, "etcd3.cert", "not set", "authority it trusts");
        Issued strange = stranger.issue("agent", "DNS:agent");
        assertRefused(
                section(authority.ca(), strange.certificate(), strange.key()),
                "etcd3.cert",
                strange.certificate().toString());
    }

    @Test
    void aKeyOfAnotherCertificateIsRefused() throws Exception {
        Issued other = authority.issue("other", "DNS:other");
        assertThatThrownBy(() -> {
                    try (Dcs dcs = Connected.to(section(authority.ca(), own.certificate(), other.key()))) {
                        dcs.readAll("/tls", CALL);
                    }
                })
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContaining("etcd3.cert");
    }

    @Test
    void thePlainProtocolIsRefusedWithARemedy() throws Exception {
        assertRefused(server.section(), "etcd3.hosts", "TLS", "etcd3.protocol", "https");
    }

    @Test
    void tlsToAPlainServerIsRefusedWithARemedy() throws Exception {
        try (EtcdServer plain = EtcdServer.start()) {
            Map<String, Object> section = right();
            section.put("hosts", plain.hosts());
            assertRefused(section, "etcd3.hosts", "etcd3.protocol", "http");
        }
    }

    /** The server trusts one authority; our files change from a certificate of a strange one to a right one, while we run. */
    @Test
    void filesWrittenAnewAreReadAnew() throws Exception {
        Path cert = folder.resolve("rotating.crt");
        Path key = folder.resolve("rotating.key");
        copy(own, cert, key);
        AtomicInteger hints = new AtomicInteger();
        try (Dcs dcs = Connected.to(section(authority.ca(), cert, key));
                Watch watch = dcs.watch(java.util.Set.of("/tls/rotating"), hints::incrementAndGet)) {
            Connected.eventually("a hint on a write", () -> {
                Connected.put(dcs, "/tls/rotating", "1", Expect.anything());
                return hints.get() > 0;
            });
            // Half-written files: what stands goes on.
            Files.writeString(cert, "-----BEGIN CERTIFICATE-----\nhalf");
            for (int i = 0; i < 30; i++) {
                dcs.readAll("/tls", CALL);
                Thread.sleep(50);
            }
            copy(stranger.issue("agent", "DNS:agent"), cert, key);
            Connected.eventually("the strange certificate is noticed", () -> {
                try {
                    dcs.readAll("/tls", CALL);
                    return false;
                } catch (DcsRefusedException refused) {
                    return refused.getMessage().contains("etcd3.cert");
                }
            });
            copy(authority.issue("renewed", "DNS:agent"), cert, key);
            Connected.eventually("the renewed certificate is used", () -> {
                try {
                    dcs.readAll("/tls", CALL);
                    return true;
                } catch (DcsRefusedException notYet) {
                    return false;
                }
            });
            int before = hints.get();
            Connected.eventually("the watch goes on with the new connection", () -> {
                Connected.put(dcs, "/tls/rotating", "2", Expect.anything());
                return hints.get() > before;
            });
            assertThat(watch).isNotNull();
        }
    }

    private static void copy(Issued from, Path cert, Path key) throws Exception {
        Files.copy(from.key(), key, StandardCopyOption.REPLACE_EXISTING);
        Files.copy(from.certificate(), cert, StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void oneServerThatIsRefusedDoesNotHideAnotherThatServes() throws Exception {
        try (TcpProxy byName = new TcpProxy(server.clientProxy(0).port())) {
            Map<String, Object> section = right();
            section.put(
                    "hosts",
                    List.of("localhost:" + byName.port(), server.hosts().get(0)));
            try (Dcs dcs = Connected.to(section)) {
                dcs.readAll("/tls", CALL);
            }
        }
    }
}
