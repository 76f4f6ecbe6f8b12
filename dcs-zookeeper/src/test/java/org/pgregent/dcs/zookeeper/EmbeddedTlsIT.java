package org.pgregent.dcs.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.testkit.TestCertificates;

/** Embedded servers that speak in TLS, among themselves and with their clients. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EmbeddedTlsIT {

    private static final Duration TTL = Duration.ofSeconds(60);
    private static final Duration CALL = Duration.ofSeconds(5);

    @TempDir
    private Path folder;

    private Dcs connect(Ensemble ensemble, Map<String, Object> more) throws Exception {
        Map<String, Object> section = new java.util.TreeMap<>(more);
        section.put("hosts", ensemble.client(1).toString());
        section.put("tick_time", 500);
        return new ZooKeeperProvider()
                .connect(new DcsConfig("zookeeper", section, "n1", Files.createTempDirectory(folder, "state"), TTL));
    }

    @Test
    void theQuorumWorksInTlsAndIsClosedToWhoeverHasNoCertificate() throws Exception {
        try (Ensemble ensemble = new Ensemble(3, Optional.of(Ensemble.SECRET)).withTls()) {
            ensemble.startAll();
            ensemble.awaitAllServing();
            TestCertificates strangers = TestCertificates.in(folder.resolve("strangers"));
            TestCertificates.Issued stranger = strangers.issue("stranger", "IP:127.0.0.1");
            Map<String, Object> withAnother = Map.of(
                    "use_ssl", true,
                    "cacert", ensemble.authority().ca().toString(),
                    "cert", stranger.certificate().toString(),
                    "key", stranger.key().toString());
            try (Dcs dcs = ensemble.connect("n1", TTL);
                    Dcs plain = connect(ensemble, Map.of());
                    Dcs foreign = connect(ensemble, withAnother)) {
                Lease lease = dcs.grant(TTL, Ensemble.PATIENCE);
                assertThat(dcs.put("/it/a", new byte[1], Expect.absent(), Optional.of(lease), CALL)
                                .written())
                        .isTrue();
                assertThatThrownBy(() -> plain.readAll("/it", CALL)).isInstanceOf(DcsException.class);
                assertThatThrownBy(() -> foreign.readAll("/it", CALL)).isInstanceOf(DcsException.class);
                for (int lost = 1; lost <= 3; lost++) {
                    ensemble.kill(lost);
                    Ensemble.await("a renewal without " + lost, () -> dcs.renew(lease, CALL));
                    ensemble.start(lost);
                    ensemble.awaitServing(lost);
                }
                assertThat(dcs.readAll("/it", CALL).get("/it/a").orElseThrow().leaseId())
                        .contains(lease.id());
            }
        }
    }

    @Test
    void aRenewedCertificateIsShownWithoutARestart() throws Exception {
        try (Ensemble ensemble = new Ensemble(3, Optional.of(Ensemble.SECRET)).withTls()) {
            ensemble.startAll();
            ensemble.awaitAllServing();
            long process = ensemble.pid(2);
            EmbeddedSettings.Server two =
                    EmbeddedSettings.Server.parse(ensemble.servers().get(1));
            Certificate next = ensemble.renew(2);
            for (HostPort port : List.of(two.client(), two.election())) {
                Ensemble.await("the new certificate at " + port, () -> ensemble.shown(port)
                        .equals(next));
            }
            assertThat(ensemble.pid(2)).isEqualTo(process);
            // It is as good as the old one: with it the server finds its way back into the quorum.
            ensemble.kill(1);
            try (Dcs dcs = ensemble.connect("n1", TTL, 2, 3)) {
                Ensemble.await("a write", () -> dcs.put("/it/a", new byte[1], Expect.anything(), Optional.empty(), CALL)
                        .written());
            }
        }
    }

    /** With all servers stopped meanwhile: one that speaks in TLS and one that does not are no quorum. */
    @Test
    void tlsCanBeTurnedOnForAQuorumThatIsThereAndThenItStillGrowsAndShrinks() throws Exception {
        try (Ensemble ensemble = new Ensemble(3, Optional.of(Ensemble.SECRET))) {
            ensemble.startAll();
            ensemble.awaitQuorum(1, 2, 3);
            try (Dcs dcs = ensemble.connect("n1", TTL)) {
                Ensemble.await("a write", () -> dcs.put("/it/a", new byte[1], Expect.absent(), Optional.empty(), CALL)
                        .written());
            }
            ensemble.killAll();

            ensemble.withTls();
            ensemble.startAll();
            ensemble.awaitQuorum(1, 2, 3);
            ensemble.another();
            ensemble.configure(4, 2, 1, 2, 3, 4);
            ensemble.start(4);
            ensemble.awaitQuorum(1, 2, 3, 4);
            try (Dcs plain = connect(ensemble, Map.of());
                    Dcs dcs = ensemble.connect("n2", TTL, 4)) {
                assertThatThrownBy(() -> plain.readAll("/it", CALL)).isInstanceOf(DcsException.class);
                Ensemble.await(
                        "what was written before",
                        () -> dcs.readAll("/it", CALL).get("/it/a").isPresent());
            }
            ensemble.configure(1, 3, 1, 3, 4);
            ensemble.kill(1);
            ensemble.start(1);
            ensemble.awaitQuorum(1, 3, 4);
            Ensemble.await("server 2 has ended", () -> ensemble.log(2).contains("was removed from the quorum"));
            ensemble.kill(2);
            ensemble.kill(4);
            ensemble.start(4);
            ensemble.awaitQuorum(1, 3, 4);
        }
    }

    /** The port by which servers talk to each other takes nobody without a certificate of the authority, secret or not. */
    @Test
    void aServerWithAnotherCertificateDoesNotJoin() throws Exception {
        try (Ensemble ensemble = new Ensemble(3, Optional.of(Ensemble.SECRET)).withTls()) {
            TestCertificates strangers = TestCertificates.in(folder.resolve("strangers"));
            ensemble.certify(3, strangers.issue("stranger", "IP:127.0.0.1"));
            ensemble.startAll();
            ensemble.awaitServing(1, 2);
            for (int i = 0; i < 50; i++) {
                assertThat(ensemble.status(3)).isNotEqualTo(ServerStatus.SERVING);
                java.util.concurrent.TimeUnit.MILLISECONDS.sleep(100);
            }
            ensemble.kill(3);
            ensemble.certify(3, ensemble.authority().issue("peer3", "IP:127.0.0.1"));
            ensemble.start(3);
            ensemble.awaitServing(3);
        }
    }
}
