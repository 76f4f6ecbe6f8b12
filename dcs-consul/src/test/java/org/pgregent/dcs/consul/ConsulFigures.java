package org.pgregent.dcs.consul;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Version;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.spi.WriteResult;

/** Measures one server and three. Run by hand. */
final class ConsulFigures {

    private static final Duration CALL = Duration.ofSeconds(5);
    private static final Duration TTL = Duration.ofSeconds(30);
    private static final String BASE = "/service/main";

    private ConsulFigures() {}

    private interface Step {
        void run() throws DcsException, InterruptedException;
    }

    public static void main(String[] args) throws Exception {
        for (int count : new int[] {1, 3}) {
            Path folder = Files.createTempDirectory("consul-figures");
            try (ConsulServer consul = ConsulServer.start(folder, ConsulServer.Options.plain(count))) {
                System.out.println(count + " server(s), asked through one that does not lead if there is one");
                int leader = consul.leader();
                calls(consul, (leader + 1) % count);
                lostLease(consul, (leader + 1) % count);
                if (count > 1) {
                    lostLeader(consul);
                }
            }
        }
        System.exit(0);
    }

    private static void calls(ConsulServer consul, int server) throws Exception {
        try (Dcs dcs = consul.connect(server, "figures", TTL)) {
            Lease lease = dcs.grant(TTL, CALL);
            for (int i = 0; i < 20; i++) {
                dcs.put(BASE + "/members/n" + i, new byte[300], Expect.anything(), Optional.of(lease), CALL);
            }
            // The first round warms up.
            for (int round = 0; round < 2; round++) {
                Version[] version = {
                    written(dcs.put(BASE + "/config", new byte[300], Expect.anything(), Optional.empty(), CALL))
                };
                measure("read of 20 keys", 500, () -> dcs.readAll(BASE, CALL));
                measure(
                        "compare and set",
                        500,
                        () -> version[0] = written(dcs.put(
                                BASE + "/config", new byte[300], Expect.at(version[0]), Optional.empty(), CALL)));
                measure("renew", 500, () -> dcs.renew(lease, CALL));
                hints(dcs);
            }
            dcs.revoke(lease, CALL);
        }
    }

    private static void hints(Dcs dcs) throws Exception {
        Semaphore hinted = new Semaphore(0);
        try (Watch watch = dcs.watch(Set.of(BASE + "/leader"), hinted::release)) {
            hinted.acquire();
            TimeUnit.MILLISECONDS.sleep(100);
            hinted.drainPermits();
            measure("put to hint", 200, () -> {
                dcs.put(BASE + "/leader", new byte[2], Expect.anything(), Optional.empty(), CALL);
                hinted.acquire();
            });
            dcs.delete(BASE + "/leader", Expect.anything(), CALL);
            Objects.requireNonNull(watch);
        }
    }

    private static Version written(WriteResult result) {
        return ((WriteResult.Written) result).version();
    }

    /** From the last renewal to the moment others are told that the key is gone, and to the moment the holder is. */
    private static void lostLease(ConsulServer consul, int server) throws Exception {
        Duration ttl = Duration.ofSeconds(8);
        try (Dcs holder = consul.connect(server, "holder", ttl);
                Dcs other = consul.connect(server, "other", ttl)) {
            Lease lease = holder.grant(ttl, CALL);
            holder.put(BASE + "/leader", new byte[2], Expect.absent(), Optional.of(lease), CALL);
            Semaphore hinted = new Semaphore(0);
            try (Watch watch = other.watch(Set.of(BASE + "/leader"), hinted::release)) {
                hinted.acquire();
                TimeUnit.MILLISECONDS.sleep(100);
                hinted.drainPermits();
                long start = System.nanoTime();
                holder.renew(lease, CALL);
                hinted.acquire();
                System.out.printf(
                        "ttl 8 s, safe for %d ms: others are told after %d ms",
                        lease.safeTtl().toMillis(), since(start));
                start = System.nanoTime();
                boolean renewed = holder.renew(lease, CALL);
                System.out.printf("; the holder, asking then, knows (%s) within %d ms%n", !renewed, since(start));
                Objects.requireNonNull(watch);
            }
        }
    }

    private static void lostLeader(ConsulServer consul) throws Exception {
        int leader = consul.leader();
        try (Dcs dcs = consul.connect((leader + 1) % consul.count(), "figures", TTL)) {
            Lease lease = dcs.grant(TTL, CALL);
            consul.kill(leader);
            long start = System.nanoTime();
            until(() -> dcs.renew(lease, Duration.ofSeconds(1)));
            System.out.printf("leader of the servers killed: renewed again after %d ms%n", since(start));
        }
    }

    private static void until(Callable<Boolean> done) throws Exception {
        while (true) {
            try {
                if (done.call()) {
                    return;
                }
            } catch (DcsException notYet) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
        }
    }

    private static long since(long start) {
        return (System.nanoTime() - start) / 1_000_000;
    }

    private static void measure(String what, int count, Step step) throws Exception {
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
}
