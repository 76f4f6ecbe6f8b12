package org.pgregent.dcs.etcd;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Version;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.spi.WriteResult;

/** Measures one server and three of etcd on loopback. Run by hand. */
final class EtcdFigures {

    private static final Duration CALL = Duration.ofSeconds(20);
    private static final Duration TTL = Duration.ofSeconds(30);
    private static final int COUNT = 500;

    private EtcdFigures() {}

    private interface Step {
        void run() throws Exception;
    }

    public static void main(String[] args) throws Exception {
        for (int members : new int[] {1, 3}) {
            System.out.println(members + " server(s)");
            try (EtcdServer cluster = EtcdServer.start(EtcdServer.Setup.of(members));
                    Dcs dcs = Connected.to(cluster.section())) {
                latencies(dcs);
                lostLease(cluster);
                if (members == 3) {
                    losses(cluster);
                    frozenTooLong(cluster);
                }
            }
        }
        System.exit(0);
    }

    private static void latencies(Dcs dcs) throws Exception {
        Lease lease = dcs.grant(TTL, CALL);
        for (int i = 0; i < 20; i++) {
            dcs.put("/service/main/members/n" + i, new byte[300], Expect.anything(), Optional.of(lease), CALL);
        }
        for (int round = 0; round < 2; round++) {
            System.out.println(round == 0 ? "cold:" : "warm:");
            measure("read of 20 keys", () -> dcs.readAll("/service/main", CALL));
            Version[] version = {
                written(dcs.put("/service/main/config", new byte[100], Expect.anything(), Optional.empty(), CALL))
            };
            measure(
                    "compare-and-set",
                    () -> version[0] = written(dcs.put(
                            "/service/main/config", new byte[100], Expect.at(version[0]), Optional.empty(), CALL)));
            measure(
                    "put of a held key",
                    () -> written(dcs.put(
                            "/service/main/members/n1",
                            new byte[300],
                            Expect.heldBy(lease),
                            Optional.of(lease),
                            CALL)));
            measure("renew", () -> dcs.renew(lease, CALL));
            hints(dcs);
        }
    }

    private static void hints(Dcs dcs) throws Exception {
        Semaphore hinted = new Semaphore(0);
        try (Watch watch = dcs.watch(Set.of("/service/main/leader"), hinted::release)) {
            hinted.tryAcquire(10, TimeUnit.SECONDS);
            measure("put to hint", () -> {
                hinted.drainPermits();
                dcs.put("/service/main/leader", new byte[2], Expect.anything(), Optional.empty(), CALL);
                if (!hinted.tryAcquire(10, TimeUnit.SECONDS)) {
                    throw new IllegalStateException("no hint from " + watch);
                }
            });
        }
    }

    private static Version written(WriteResult result) {
        return ((WriteResult.Written) result).version();
    }

    private static void measure(String what, Step step) throws Exception {
        List<Long> micros = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            long start = System.nanoTime();
            step.run();
            micros.add((System.nanoTime() - start) / 1000);
        }
        micros.sort(null);
        System.out.printf(
                "  %s: median %.1f ms, p99 %.1f ms%n",
                what, micros.get(COUNT / 2) / 1e3, micros.get(COUNT * 99 / 100) / 1e3);
    }

    /** From the end of the ttl of a lease nobody renews to another's hint, and to the former holder's knowledge. */
    private static void lostLease(EtcdServer cluster) throws Exception {
        try (Dcs holder = Connected.to(cluster.section());
                Dcs other = Connected.to(cluster.section())) {
            for (int round = 0; round < 3; round++) {
                Semaphore hinted = new Semaphore(0);
                Lease lease = holder.grant(Duration.ofSeconds(2), CALL);
                holder.put("/service/main/leader", new byte[2], Expect.anything(), Optional.of(lease), CALL);
                try (Watch watch = other.watch(Set.of("/service/main/leader"), hinted::release)) {
                    hinted.tryAcquire(10, TimeUnit.SECONDS);
                    long before = System.nanoTime();
                    boolean alive = holder.renew(lease, CALL);
                    hinted.drainPermits();
                    hinted.acquire();
                    long gone = System.nanoTime();
                    System.out.printf(
                            "  lease of %d ms (alive: %s): hint that it ended %d ms after its renewal; renew says %s%n",
                            lease.ttl().toMillis(),
                            alive,
                            TimeUnit.NANOSECONDS.toMillis(gone - before),
                            holder.renew(lease, CALL));
                    if (watch == null) {
                        throw new IllegalStateException();
                    }
                }
            }
        }
    }

    private static void losses(EtcdServer cluster) throws Exception {
        for (int round = 0; round < 3; round++) {
            try (Dcs dcs = Connected.to(cluster.section())) {
                Lease lease = dcs.grant(TTL, CALL);
                int leading = cluster.awaitLeading();
                cluster.kill(leading);
                System.out.printf("  leading server killed: renewed again after %d ms%n", renewedAfter(dcs, lease));
                cluster.start(leading);
                cluster.awaitServing();
            }
        }
    }

    private static long renewedAfter(Dcs dcs, Lease lease) throws Exception {
        long start = System.nanoTime();
        Connected.eventually("a renewal", () -> dcs.renew(lease, Duration.ofSeconds(1)));
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    }

    /** What etcd before 3.4.31 and 3.5.13 does to a lease that was renewed with the successor of a server that stood still. */
    private static void frozenTooLong(EtcdServer cluster) throws Exception {
        for (int round = 0; round < 3; round++) {
            int leading = cluster.awaitLeading();
            try (Dcs dcs = Connected.to(Map.of("host", cluster.hosts().get((leading + 1) % 3), "use_proxies", true))) {
                Lease lease = dcs.grant(Duration.ofSeconds(3), CALL);
                cluster.freeze(leading);
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(8);
                while (System.nanoTime() < end) {
                    renewOrNot(dcs, lease);
                }
                cluster.thaw(leading);
                end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
                boolean alive = true;
                while (alive && System.nanoTime() < end) {
                    alive = renewOrNot(dcs, lease);
                }
                System.out.printf(
                        "  leading server frozen for 8 s, lease of 3 s renewed all the time: %s after it woke%n",
                        alive ? "alive" : "ENDED");
            }
        }
    }

    private static boolean renewOrNot(Dcs dcs, Lease lease) throws Exception {
        TimeUnit.MILLISECONDS.sleep(100);
        try {
            return dcs.renew(lease, Duration.ofMillis(500));
        } catch (DcsException unknown) {
            return true;
        }
    }
}
