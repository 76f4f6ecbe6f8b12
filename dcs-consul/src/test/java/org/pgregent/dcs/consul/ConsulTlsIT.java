package org.pgregent.dcs.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.testkit.TestCertificates;
import org.pgregent.dcs.testkit.TestCertificates.Issued;

/** Two servers with HTTPS: one with its right name that wants client certificates, one with a wrong name. */
@Timeout(180)
class ConsulTlsIT {

    private static final Duration CALL = Duration.ofSeconds(10);

    @TempDir
    static Path folder;

    private static TestCertificates authority;
    private static Issued client;
    private static ConsulServer right;
    private static ConsulServer wrongName;

    @BeforeAll
    static void start() throws Exception {
        authority = TestCertificates.in(folder.resolve("authority"));
        client = authority.issue("client");
        right = ConsulServer.start(folder.resolve("right"), ConsulServer.Options.tls(authority, "IP:127.0.0.1", true));
        wrongName = ConsulServer.start(
                folder.resolve("wrong"), ConsulServer.Options.tls(authority, "DNS:elsewhere.example", false));
    }

    @AfterAll
    static void stop() {
        Optional.ofNullable(right).ifPresent(ConsulServer::close);
        Optional.ofNullable(wrongName).ifPresent(ConsulServer::close);
    }

    private static Map<String, Object> withClient(Path certificate, Path key) {
        Map<String, Object> section = new HashMap<>(right.section(0));
        section.put("cert", certificate.toString());
        section.put("key", key.toString());
        return section;
    }

    private static void assertRefused(ConsulServer server, Map<String, Object> section, String... words)
            throws DcsException {
        try (Dcs dcs = server.connect(section, "n1", CALL)) {
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> dcs.readAll("/tls", CALL))
                        .isInstanceOf(DcsRefusedException.class)
                        .hasMessageContainingAll(words);
            }
            assertThatThrownBy(() -> dcs.put("/tls/a", new byte[1], Expect.anything(), Optional.empty(), CALL))
                    .isInstanceOf(DcsRefusedException.class)
                    .hasMessageContainingAll(words);
        }
    }

    /** The server's word of refusal may be lost with the connection it closes, so it is asked for until it came. */
    private static void assertRefusedInTheEnd(Dcs dcs, String... words) throws Exception {
        long end = System.nanoTime() + ConsulServer.PATIENCE.toNanos();
        while (true) {
            Throwable failure = catchThrowable(() -> dcs.readAll("/tls", CALL));
            if (failure instanceof DcsRefusedException) {
                assertThat(failure).hasMessageContainingAll(words);
                return;
            }
            assertThat(failure).isInstanceOf(DcsUnavailableException.class);
            assertThat(System.nanoTime()).isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    @Test
    void worksWithACertificateOfOurs() throws Exception {
        try (Dcs dcs = right.connect(withClient(client.certificate(), client.key()), "n1", CALL)) {
            assertThat(dcs.put("/tls/own", new byte[1], Expect.absent(), Optional.empty(), CALL)
                            .written())
                    .isTrue();
            assertThat(dcs.renew(dcs.grant(CALL, CALL), CALL)).isTrue();
        }
    }

    @Test
    void withoutOneItIsRefused() throws Exception {
        try (Dcs dcs = right.connect(right.section(0), "n1", CALL)) {
            assertRefusedInTheEnd(dcs, "consul.cert", "consul.key");
        }
    }

    @Test
    void aStrangeAuthorityIsRefused() throws Exception {
        TestCertificates stranger = TestCertificates.in(folder.resolve("stranger"));
        Map<String, Object> section = withClient(client.certificate(), client.key());
        section.put("cacert", stranger.ca().toString());
        assertRefused(right, section, "consul.cacert", "127.0.0.1");
        // That of the JDK does not know it either.
        section.remove("cacert");
        assertRefused(right, section, "consul.cacert");
    }

    @Test
    void aWrongNameIsRefusedUnlessNothingIsVerified() throws Exception {
        assertRefused(wrongName, wrongName.section(0), "consul.cacert", "name");
        Map<String, Object> section = new HashMap<>(wrongName.section(0));
        section.put("verify", false);
        section.remove("cacert");
        try (Dcs dcs = wrongName.connect(section, "n1", CALL)) {
            assertThat(dcs.readAll("/tls", CALL).entries()).isEmpty();
        }
    }

    @Test
    void theWrongSchemeIsRefused() throws Exception {
        Map<String, Object> section = new HashMap<>(wrongName.section(0));
        section.put("scheme", "http");
        try (Dcs dcs = wrongName.connect(section, "n1", CALL)) {
            assertRefusedInTheEnd(dcs, "consul.scheme", "https");
        }
        try (ConsulServer plain = ConsulServer.start(folder.resolve("plain"))) {
            Map<String, Object> tls = new HashMap<>(plain.section(0));
            tls.put("scheme", "https");
            try (Dcs dcs = plain.connect(tls, "n1", CALL)) {
                assertRefusedInTheEnd(dcs, "consul.scheme", "http");
            }
        }
    }

    @Test
    void aRenewedClientCertificateIsTakenUpWithoutARestart() throws Exception {
        TestCertificates stranger = TestCertificates.in(folder.resolve("other"));
        Issued notTaken = stranger.issue("client");
        Path certificate = Files.copy(notTaken.certificate(), folder.resolve("client.crt"));
        Path key = Files.copy(notTaken.key(), folder.resolve("client.key"));
        try (Dcs dcs = right.connect(withClient(certificate, key), "n1", CALL)) {
            assertRefusedInTheEnd(dcs, "consul.cert", "consul.key");
            Files.copy(client.certificate(), certificate, StandardCopyOption.REPLACE_EXISTING);
            Files.copy(client.key(), key, StandardCopyOption.REPLACE_EXISTING);
            assertThat(dcs.readAll("/tls-renewed", CALL).entries()).isEmpty();
        }
    }
}
