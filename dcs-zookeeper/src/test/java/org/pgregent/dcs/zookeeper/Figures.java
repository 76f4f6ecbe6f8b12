package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Version;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.spi.WriteResult;

/** Measures servers outside and embedded ones, and what one of the latter costs in this process. Run by hand. */
final class Figures {

    private static final Duration CALL = Duration.ofSeconds(5);
    private static final Duration TTL = Duration.ofSeconds(30);

    private Figures() {}

    private interface Step {
        void run() throws DcsException;
    }

    public static void main(String[] args) throws Exception {
        for (int size : new int[] {1, 3}) {
            try (ZooKeeperServer servers = ZooKeeperServer.of(size).started();
                    Dcs dcs = outside(servers)) {
                calls("outside, " + size, dcs, dcs.grant(TTL, Ensemble.PATIENCE));
            }
        }
        try (Ensemble ensemble = new Ensemble(3, Optional.of(Ensemble.SECRET)).withTls()) {
            ensemble.startAll();
            ensemble.awaitAllServing();
            try (Dcs dcs = ensemble.connect("figures", TTL)) {
                calls("embedded in TLS, 3", dcs, dcs.grant(TTL, Ensemble.PATIENCE));
            }
        }
        try (Ensemble ensemble = new Ensemble(3, Optional.of(Ensemble.SECRET))) {
            ensemble.startAll();
            ensemble.awaitAllServing();
            try (Dcs dcs = ensemble.connect("figures", TTL)) {
                Lease lease = dcs.grant(TTL, Ensemble.PATIENCE);
                calls("embedded, 3", dcs, lease);
                losses(ensemble, dcs, lease);
            }
            memory(ensemble);
        }
        System.exit(0);
    }

    private static Dcs outside(ZooKeeperServer servers) throws DcsException, IOException {
        return new ZooKeeperProvider()
                .connect(new DcsConfig(
                        "zookeeper",
                        Map.of("hosts", servers.hosts(), "tick_time", 500),
                        "figures",
                        Files.createDirectories(servers.folder().resolve("figures")),
                        TTL));
    }

    /** The second round counts: in the first one Java is still compiling. */
    private static void calls(String where, Dcs dcs, Lease lease) throws Exception {
        for (int i = 0; i < 20; i++) {
            dcs.put("/service/main/members/n" + i, new byte[300], Expect.anything(), Optional.of(lease), CALL);
        }
        String status = "/service/main/status";
        dcs.put(status, new byte[100], Expect.anything(), Optional.empty(), CALL);
        Semaphore hints = new Semaphore(0);
        for (int round = 1; round <= 2; round++) {
            String title = where + ", round " + round + ", ";
            measure(title + "read of 20 keys", () -> dcs.readAll("/service/main", CALL));
            Version[] seen = {
                dcs.readAll("/service/main", CALL).get(status).orElseThrow().version()
            };
            measure(title + "compare-and-set", () -> {
                WriteResult result = dcs.put(status, new byte[100], Expect.at(seen[0]), Optional.empty(), CALL);
                seen[0] = ((WriteResult.Written) result).version();
            });
            measure(
                    title + "put of a held key",
                    () -> dcs.put(
                            "/service/main/members/n1", new byte[300], Expect.heldBy(lease), Optional.of(lease), CALL));
            measure(title + "renew", () -> dcs.renew(lease, CALL));
            Watch watch = dcs.watch(Set.of("/service/main/leader"), hints::release);
            measure(title + "put to hint", () -> {
                hints.drainPermits();
                dcs.put("/service/main/leader", new byte[2], Expect.anything(), Optional.empty(), CALL);
                hints.acquireUninterruptibly();
            });
            watch.close();
        }
    }

    private static void measure(String what, Step step) throws DcsException {
        int count = 500;
        List<Long> micros = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long start = System.nanoTime();
            step.run();
            micros.add((System.nanoTime() - start) / 1000);
        }
        micros.sort(null);
        System.out.printf(
                "%s: median %.1f ms, p99 %.1f ms%n",
                what, micros.get(count / 2) / 1e3, micros.get(count * 99 / 100) / 1e3);
    }

    private static void losses(Ensemble ensemble, Dcs dcs, Lease lease) throws Exception {
        for (int lost = 1; lost <= 3; lost++) {
            ensemble.kill(lost);
            long start = System.nanoTime();
            Ensemble.await("a renewal", () -> dcs.renew(lease, Duration.ofSeconds(1)));
            System.out.printf(
                    "server %d killed: renewed again after %d ms%n", lost, (System.nanoTime() - start) / 1_000_000);
            ensemble.start(lost);
            ensemble.awaitServing(lost);
        }
    }

    private static void memory(Ensemble ensemble) throws Exception {
        ensemble.kill(3);
        Map<Integer, String> servers = new HashMap<>();
        for (int id = 1; id <= 3; id++) {
            servers.put(id, ensemble.servers().get(id - 1));
        }
        long before = residentKb();
        PeerWatch watch = PeerWatch.start(EmbeddedSettings.parse(
                        "zookeeper",
                        Map.of(
                                "embedded",
                                Map.of(
                                        "id",
                                        3,
                                        "data_dir",
                                        ensemble.folder().resolve("peer3").toString(),
                                        "secret",
                                        Ensemble.SECRET,
                                        "servers",
                                        servers)))
                .orElseThrow());
        ensemble.awaitServing(3);
        Thread.sleep(5000);
        System.out.printf(
                "RSS of this process: %d MB before, %d MB with a server in it%n", before / 1024, residentKb() / 1024);
        watch.close();
    }

    private static long residentKb() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .map(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }
}
