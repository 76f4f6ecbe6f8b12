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
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;

/** Measures three embedded servers in processes of their own, and what one costs in this process. Run by hand. */
final class Figures {

    private static final Duration CALL = Duration.ofSeconds(5);
    private static final Duration TTL = Duration.ofSeconds(30);

    private Figures() {}

    private interface Step {
        void run() throws DcsException;
    }

    public static void main(String[] args) throws Exception {
        try (Ensemble ensemble = new Ensemble(3, Optional.of(Ensemble.SECRET))) {
            ensemble.startAll();
            ensemble.awaitAllServing();
            try (Dcs dcs = ensemble.connect("figures", TTL)) {
                Lease lease = dcs.grant(TTL, Ensemble.PATIENCE);
                for (int i = 0; i < 20; i++) {
                    dcs.put("/service/main/members/n" + i, new byte[300], Expect.anything(), Optional.of(lease), CALL);
                }
                for (int round = 0; round < 2; round++) {
                    measure("read of 20 keys", 500, () -> dcs.readAll("/service/main", CALL));
                    measure(
                            "put",
                            500,
                            () -> dcs.put(
                                    "/service/main/status", new byte[100], Expect.anything(), Optional.empty(), CALL));
                    measure(
                            "put of a held key",
                            500,
                            () -> dcs.put(
                                    "/service/main/members/n1",
                                    new byte[300],
                                    Expect.heldBy(lease),
                                    Optional.of(lease),
                                    CALL));
                    measure("renew", 500, () -> dcs.renew(lease, CALL));
                }
                losses(ensemble, dcs, lease);
            }
            memory(ensemble);
        }
        System.exit(0);
    }

    private static void measure(String what, int count, Step step) throws DcsException {
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
