package org.pgregent.dcs.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.WriteResult;

/** What embedded servers stand, each in a process of its own. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EmbeddedEnsembleIT {

    private static final Duration TTL = Duration.ofSeconds(10);
    private static final Duration CALL = Duration.ofSeconds(3);

    private static WriteResult put(Dcs dcs, String key, String value) throws DcsException {
        return dcs.put(key, value.getBytes(StandardCharsets.UTF_8), Expect.anything(), Optional.empty(), CALL);
    }

    private static Ensemble started(int size, Optional<String> secret) throws Exception {
        Ensemble ensemble = new Ensemble(size, secret);
        ensemble.startAll();
        ensemble.awaitAllServing();
        return ensemble;
    }

    @Test
    void theLossOfAnyOneServerLeavesTheStoreWritable() throws Exception {
        // Nobody renews while a server starts again, however long that takes here.
        Duration ttl = Duration.ofSeconds(90);
        try (Ensemble ensemble = started(3, Optional.of(Ensemble.SECRET));
                Dcs dcs = ensemble.connect("n1", ttl)) {
            Lease lease = dcs.grant(ttl, Ensemble.PATIENCE);
            for (int lost = 1; lost <= 3; lost++) {
                String value = "without " + lost;
                ensemble.kill(lost);
                Ensemble.await(
                        "a write " + value, () -> put(dcs, "/it/a", value).written());
                Ensemble.await("a renewal " + value, () -> dcs.renew(lease, CALL));
                assertThat(dcs.readAll("/it", CALL).get("/it/a").orElseThrow().text())
                        .isEqualTo(value);
                ensemble.start(lost);
                ensemble.awaitServing(lost);
            }
        }
    }

    @Test
    void withoutAQuorumNothingIsAnsweredAndItsReturnHeals() throws Exception {
        try (Ensemble ensemble = started(3, Optional.empty());
                Dcs dcs = ensemble.connect("n1", TTL)) {
            assertThat(put(dcs, "/it/a", "before").written()).isTrue();
            ensemble.kill(1);
            ensemble.kill(2);
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> dcs.readAll("/it", Duration.ofSeconds(1)))
                        .isInstanceOf(DcsException.class)
                        .isNotInstanceOf(DcsRefusedException.class);
                assertThatThrownBy(() -> dcs.put(
                                "/it/b", new byte[0], Expect.anything(), Optional.empty(), Duration.ofSeconds(1)))
                        .isInstanceOf(DcsException.class)
                        .isNotInstanceOf(DcsRefusedException.class);
            }
            ensemble.start(2);
            Ensemble.await("a read", () -> dcs.readAll("/it", CALL).get("/it/a").isPresent());
            Ensemble.await("a write", () -> put(dcs, "/it/a", "after").written());
            ensemble.start(1);
            ensemble.awaitAllServing();
        }
    }

    @Test
    void nothingAcknowledgedIsLostWhateverIsKilled() throws Exception {
        Random random = new Random(11);
        try (Ensemble ensemble = started(3, Optional.empty());
                Dcs dcs = ensemble.connect("n1", TTL)) {
            Map<String, String> acknowledged = new ConcurrentHashMap<>();
            AtomicBoolean end = new AtomicBoolean();
            Thread writer = new Thread(() -> write(dcs, acknowledged, end));
            writer.start();
            try {
                for (int round = 0; round < 6; round++) {
                    TimeUnit.MILLISECONDS.sleep(500 + random.nextInt(1500));
                    if (round % 2 == 0) {
                        ensemble.killAll();
                        ensemble.startAll();
                    } else {
                        int lost = 1 + random.nextInt(3);
                        ensemble.kill(lost);
                        ensemble.start(lost);
                    }
                    ensemble.awaitAllServing();
                }
                int before = acknowledged.size();
                Ensemble.await("writes after it all", () -> acknowledged.size() > before);
            } finally {
                end.set(true);
                writer.join();
            }
            DcsSnapshot kept = dcs.readAll("/it/kept", Duration.ofSeconds(20));
            assertThat(acknowledged).hasSizeGreaterThan(50);
            acknowledged.forEach((key, value) ->
                    assertThat(kept.get(key).map(DcsSnapshot.Entry::text)).contains(value));
        }
    }

    private static void write(Dcs dcs, Map<String, String> acknowledged, AtomicBoolean end) {
        for (int i = 0; !end.get(); i++) {
            String key = "/it/kept/k" + i;
            try {
                if (put(dcs, key, "v" + i).written()) {
                    acknowledged.put(key, "v" + i);
                }
            } catch (DcsException unknown) {
                // not acknowledged: it may be there or not
                assertThat(unknown).isNotInstanceOf(DcsRefusedException.class);
            }
        }
    }

    @Test
    void aServerWhosePortIsTakenServesOnceThePortIsFree() throws Exception {
        try (Ensemble ensemble = new Ensemble(3, Optional.empty())) {
            EmbeddedSettings.Server one =
                    EmbeddedSettings.Server.parse(ensemble.servers().get(0));
            for (HostPort taken : new HostPort[] {one.client(), one.election()}) {
                try (ServerSocket socket = new ServerSocket()) {
                    socket.bind(new InetSocketAddress(taken.host(), taken.port()));
                    ensemble.startAll();
                    ensemble.awaitServing(2, 3);
                    Ensemble.await("the log tells why", () -> ensemble.log(1).contains("starting it anew"));
                    assertThat(ensemble.status(1)).isNotEqualTo(ServerStatus.SERVING);
                }
                ensemble.awaitServing(1);
                ensemble.killAll();
            }
        }
    }

    @Test
    void whoDoesNotKnowTheSecretIsRefused() throws Exception {
        try (Ensemble ensemble = started(1, Optional.of(Ensemble.SECRET));
                Dcs dcs = ensemble.connect("n1", TTL);
                Dcs stranger = ensemble.connectAsStranger(TTL)) {
            assertThat(put(dcs, "/it/a", "ours").written()).isTrue();
            assertThatThrownBy(() -> stranger.readAll("/it", CALL)).isInstanceOf(DcsRefusedException.class);
            assertThatThrownBy(() -> put(stranger, "/it/a", "theirs")).isInstanceOf(DcsRefusedException.class);
            assertThatThrownBy(() -> stranger.delete("/it/a", Expect.anything(), CALL))
                    .isInstanceOf(DcsRefusedException.class);
            assertThatThrownBy(() -> put(stranger, "/theirs", "theirs")).isInstanceOf(DcsRefusedException.class);
            ZooKeeper raw = new ZooKeeper(ensemble.client(1).toString(), 10_000, event -> {});
            try {
                for (String path : new String[] {"/x", "/it/x", "/zookeeper/x", "/zookeeper/quota/x"}) {
                    assertThatThrownBy(() ->
                                    raw.create(path, new byte[0], ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT))
                            .as(path)
                            .isInstanceOf(KeeperException.NoAuthException.class);
                }
            } finally {
                raw.close();
            }
            assertThat(dcs.readAll("/it", CALL).get("/it/a").orElseThrow().text())
                    .isEqualTo("ours");
        }
    }

    /** A write that only checks could be taken for a read; and one that is refused, for nothing. Both have to be agreed on. */
    @Test
    void eachRenewalIsAgreedOnByTheServers() throws Exception {
        try (Ensemble ensemble = started(3, Optional.of(Ensemble.SECRET));
                Dcs dcs = ensemble.connect("n1", TTL);
                Dcs stranger = ensemble.connectAsStranger(TTL)) {
            for (Dcs renewing : new Dcs[] {dcs, stranger}) {
                Lease lease = renewing.grant(TTL, Ensemble.PATIENCE);
                assertThat(renewing.renew(lease, CALL)).isTrue();
                long before = zxid(ensemble);
                for (int i = 0; i < 20; i++) {
                    assertThat(renewing.renew(lease, CALL)).isTrue();
                }
                assertThat(zxid(ensemble)).isGreaterThanOrEqualTo(before + 20);
            }
        }
    }

    private static long zxid(Ensemble ensemble) throws IOException {
        try (Socket socket =
                new Socket(ensemble.client(1).host(), ensemble.client(1).port())) {
            socket.getOutputStream().write("srvr".getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            return answer.lines()
                    .filter(line -> line.startsWith("Zxid: 0x"))
                    .map(line -> Long.parseLong(line.substring("Zxid: 0x".length()), 16))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void aServerWithAnotherSecretDoesNotJoin() throws Exception {
        try (Ensemble ensemble = new Ensemble(3, Optional.of(Ensemble.SECRET))) {
            ensemble.start(1);
            ensemble.start(2);
            ensemble.start(3, "another secret, not theirs");
            ensemble.awaitServing(1, 2);
            for (int i = 0; i < 50; i++) {
                assertThat(ensemble.status(3)).isNotEqualTo(ServerStatus.SERVING);
                TimeUnit.MILLISECONDS.sleep(100);
            }
            ensemble.kill(3);
            ensemble.start(3);
            ensemble.awaitServing(3);
        }
    }

    @Test
    void aKilledClientsNextProcessTakesUpItsLease() throws Exception {
        try (Ensemble ensemble = started(1, Optional.empty())) {
            Path state = ensemble.stateDir("killed");
            Process client = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            ClientMain.class.getName(),
                            ensemble.client(1).toString(),
                            state.toString(),
                            Long.toString(TTL.toSeconds()),
                            "/it/held")
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String lease = firstLine(client);
            client.destroyForcibly().waitFor();
            try (Dcs next = ensemble.connect("killed", TTL)) {
                Lease taken = next.grant(TTL, Ensemble.PATIENCE);
                assertThat(taken.id()).isEqualTo(lease);
                assertThat(next.readAll("/it", CALL)
                                .get("/it/held")
                                .orElseThrow()
                                .leaseId())
                        .contains(lease);
                assertThat(next.renew(taken, CALL)).isTrue();
            }
        }
    }

    private static String firstLine(Process process) throws IOException {
        BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        return output.readLine();
    }

    @Test
    void aSingleServerInThisProcessWorksAndKeepsItsData() throws Exception {
        try (Ensemble addresses = new Ensemble(1, Optional.of(Ensemble.SECRET))) {
            Thread.UncaughtExceptionHandler handler = (thread, failure) -> {
                throw new AssertionError(failure);
            };
            Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
            Thread.setDefaultUncaughtExceptionHandler(handler);
            try {
                DcsConfig config = new DcsConfig(
                        "zookeeper",
                        Map.of(
                                "embedded",
                                Map.of(
                                        "id", 1,
                                        "data_dir",
                                                addresses
                                                        .folder()
                                                        .resolve("data")
                                                        .toString(),
                                        "log_dir",
                                                addresses
                                                        .folder()
                                                        .resolve("log")
                                                        .toString(),
                                        "secret", Ensemble.SECRET,
                                        "servers",
                                                Map.of("1", addresses.servers().get(0)))),
                        "n1",
                        addresses.stateDir("n1"),
                        TTL);
                String first;
                try (Dcs dcs = new ZooKeeperProvider().connect(config)) {
                    Lease lease = dcs.grant(TTL, Ensemble.PATIENCE);
                    first = lease.id();
                    Ensemble.await("a write", () -> put(dcs, "/it/a", "kept").written());
                }
                assertThat(addresses.status(1)).isEqualTo(ServerStatus.SILENT);
                try (Dcs dcs = new ZooKeeperProvider().connect(config)) {
                    assertThat(dcs.grant(TTL, Ensemble.PATIENCE).id()).isEqualTo(first);
                    assertThat(dcs.readAll("/it", CALL)
                                    .get("/it/a")
                                    .orElseThrow()
                                    .text())
                            .isEqualTo("kept");
                }
                assertThat(Thread.getDefaultUncaughtExceptionHandler()).isSameAs(handler);
            } finally {
                Thread.setDefaultUncaughtExceptionHandler(before);
            }
        }
    }
}
