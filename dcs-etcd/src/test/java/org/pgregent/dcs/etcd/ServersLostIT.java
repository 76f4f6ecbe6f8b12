package org.pgregent.dcs.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pgregent.dcs.etcd.Connected.CALL;

import io.etcd.jetcd.Client;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Watch;

/** Three servers, of which one is lost in one way or another. */
class ServersLostIT {

    private static final Duration SHORT = Duration.ofSeconds(2);

    private EtcdServer cluster;

    @BeforeEach
    void start() throws Exception {
        cluster = EtcdServer.start(EtcdServer.Setup.of(3));
    }

    @AfterEach
    void stop() throws Exception {
        cluster.close();
    }

    /** All three, the one given first: the one that is used first. */
    private Map<String, Object> startingAt(int member) {
        List<String> hosts = cluster.hosts();
        return Map.of("hosts", List.of(hosts.get(member), hosts.get((member + 1) % 3), hosts.get((member + 2) % 3)));
    }

    @Test
    void theLeadingServerIsKilledAndTheLeaseLivesOn() throws Exception {
        int leading = cluster.awaitLeading();
        AtomicInteger hints = new AtomicInteger();
        try (Dcs dcs = Connected.to(startingAt(leading));
                Watch watch = dcs.watch(Set.of("/lost/a"), hints::incrementAndGet)) {
            Lease lease = dcs.grant(Duration.ofSeconds(20), CALL);
            dcs.put("/lost/a", new byte[0], Expect.absent(), Optional.of(lease), CALL);
            int before = hints.get();
            cluster.kill(leading);
            Connected.eventually("renewed with the others", () -> dcs.renew(lease, SHORT));
            Connected.eventually("a hint after the loss", () -> hints.get() > before);
            Connected.eventually("the holder writes", () -> dcs.put(
                            "/lost/a", new byte[1], Expect.heldBy(lease), Optional.of(lease), CALL)
                    .written());
            int now = hints.get();
            Connected.eventually("the watch is alive", () -> {
                Connected.put(dcs, "/lost/a", "x", Expect.anything());
                return hints.get() > now;
            });
            assertThat(watch).isNotNull();
        }
    }

    @Test
    void aServerThatIsStoppedIsLeftForAnother() throws Exception {
        int following = (cluster.awaitLeading() + 1) % 3;
        AtomicInteger hints = new AtomicInteger();
        try (Dcs dcs = Connected.to(startingAt(following));
                Watch watch = dcs.watch(Set.of("/lost/a"), hints::incrementAndGet)) {
            Connected.eventually("a hint on a write", () -> {
                Connected.put(dcs, "/lost/a", "x", Expect.anything());
                return hints.get() > 0;
            });
            cluster.freeze(following);
            // The request has left for the server that stands still: nobody knows.
            assertThatThrownBy(() -> dcs.put("/lost/b", new byte[0], Expect.anything(), Optional.empty(), SHORT))
                    .isInstanceOf(DcsIndeterminateException.class);
            int before = hints.get();
            Connected.eventually(
                    "the next call goes to another server",
                    () -> Connected.put(dcs, "/lost/a", "y", Expect.anything()).written());
            Connected.eventually("the watch has moved, too", () -> hints.get() > before);
            cluster.thaw(following);
            assertThat(watch).isNotNull();
        }
    }

    /** What has not been sent may be sent to the next server within the same call. */
    @Test
    void aServerThatIsNotThereCostsNoCall() throws Exception {
        cluster.clientProxy(0).drop();
        cluster.clientProxy(1).blackHole();
        // Each connection begins with the server that refuses; only an election, on a busy machine, may cost a call.
        Connected.eventually("the first call of a connection succeeds", () -> {
            try (Dcs dcs = Connected.to(startingAt(0))) {
                return Connected.put(dcs, "/lost/a", "1", Expect.anything()).written();
            }
        });
        cluster.clientProxy(0).pass();
        cluster.clientProxy(1).pass();
    }

    @Test
    void oneKnownServerLeadsToTheOthers() throws Exception {
        try (Dcs dcs = Connected.to(Map.of("host", cluster.hosts().get(0)))) {
            Connected.eventually("the others are known and serve", () -> {
                dcs.readAll("/lost", CALL);
                // What is not known yet may become known in the meantime.
                TimeUnit.MILLISECONDS.sleep(100);
                cluster.clientProxy(0).drop();
                try {
                    dcs.readAll("/lost", SHORT);
                    return true;
                } finally {
                    cluster.clientProxy(0).pass();
                }
            });
        }
    }

    @Test
    void aProxyIsNeverPassedBy() throws Exception {
        try (Dcs dcs = Connected.to(Map.of("proxy", "http://" + cluster.hosts().get(0)))) {
            dcs.readAll("/lost", CALL);
            TimeUnit.SECONDS.sleep(1);
            cluster.clientProxy(0).drop();
            assertThatThrownBy(() -> dcs.readAll("/lost", SHORT)).isInstanceOf(DcsUnavailableException.class);
            cluster.clientProxy(0).pass();
        }
    }

    /** A half-closed and a slow network are got over, too. */
    @Test
    void aHalfClosedConnectionIsGotOver() throws Exception {
        try (Dcs dcs = Connected.to(startingAt(0))) {
            dcs.readAll("/lost", CALL);
            cluster.clientProxy(0).halfClose();
            Connected.eventually("served again", () -> {
                dcs.readAll("/lost", SHORT);
                return true;
            });
            cluster.clientProxies().forEach(proxy -> proxy.delay(Duration.ofMillis(100)));
            Connected.eventually(
                    "a write over a slow network", () -> Connected.put(dcs, "/lost/a", "slow", Expect.anything())
                            .written());
            Connected.eventually(
                    "a renewal over a slow network", () -> dcs.renew(dcs.grant(Duration.ofSeconds(30), CALL), CALL));
        }
    }

    @Test
    void aWatchGoesOnAfterCompactionWhileItWasAway() throws Exception {
        AtomicInteger hints = new AtomicInteger();
        try (Dcs watching = Connected.to(startingAt(0));
                Dcs writing = Connected.to(startingAt(1));
                Watch watch = watching.watch(Set.of("/lost/a"), hints::incrementAndGet)) {
            Connected.eventually("a hint on a write", () -> {
                Connected.put(writing, "/lost/a", "x", Expect.anything());
                return hints.get() > 0;
            });
            AtomicReference<String> last = new AtomicReference<>("");
            cluster.freeze(0);
            try {
                for (int i = 0; i < 50; i++) {
                    Connected.eventually("the others serve", () -> {
                        last.set(version(Connected.put(writing, "/lost/a", "x", Expect.anything())));
                        return true;
                    });
                }
                cluster.ctl(1, "compact", last.get());
            } finally {
                cluster.thaw(0);
            }
            int before = hints.get();
            Connected.eventually("hints go on", () -> {
                Connected.put(writing, "/lost/a", "y", Expect.anything());
                return hints.get() > before;
            });
            assertThat(watch).isNotNull();
        }
    }

    private static String version(org.pgregent.dcs.spi.WriteResult result) {
        return ((org.pgregent.dcs.spi.WriteResult.Written) result).version().token();
    }

    /**
     * A server with the lead stands still, is replaced, and wakes alone. It goes on believing for a moment, and etcd's own
     * confirmation of a renewal is worth nothing then: nobody else knows of it. Ours must not come.
     */
    @Test
    void aReplacedServerConfirmsNoRenewal() throws Exception {
        int deposed = cluster.awaitLeading();
        int next = (deposed + 1) % 3;
        int last = (deposed + 2) % 3;
        String server = cluster.hosts().get(deposed);
        try (Dcs dcs = Connected.to(Map.of("host", server, "use_proxies", true));
                Client bare = Client.builder().endpoints("http://" + server).build()) {
            Lease lease = dcs.grant(Duration.ofSeconds(60), CALL);
            dcs.put("/lost/a", new byte[0], Expect.absent(), Optional.of(lease), CALL);
            assertThat(dcs.renew(lease, CALL)).isTrue();
            // So that the connection stands and the classes are there when the moment comes.
            bare.getLeaseClient().keepAliveOnce(Leases.number(lease)).get(10, TimeUnit.SECONDS);

            cluster.freeze(deposed);
            Connected.eventually("another has taken the lead", () -> cluster.leadingBut(deposed)
                    .isPresent());
            cluster.partition();
            cluster.freeze(next);
            cluster.freeze(last);
            cluster.thaw(deposed);
            boolean etcdItselfConfirmed = confirms(bare, lease);
            for (int i = 0; i < 5; i++) {
                assertThat(confirms(dcs, lease)).isFalse();
            }
            System.out.println("etcd's replaced server confirmed a renewal by itself: " + etcdItselfConfirmed);

            cluster.thaw(next);
            cluster.thaw(last);
            cluster.heal();
            Connected.eventually("an answer on the lease", () -> {
                boolean renewed = dcs.renew(lease, SHORT);
                assertThat(dcs.readAll("/lost", CALL).get("/lost/a").isPresent())
                        .isEqualTo(renewed);
                return true;
            });
        }
    }

    private static boolean confirms(Client bare, Lease lease) throws InterruptedException {
        try {
            LeaseKeepAliveResponse answer =
                    bare.getLeaseClient().keepAliveOnce(Leases.number(lease)).get(400, TimeUnit.MILLISECONDS);
            return answer.getTTL() > 0;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
    }

    private static boolean confirms(Dcs dcs, Lease lease) throws DcsRefusedException {
        try {
            return dcs.renew(lease, Duration.ofMillis(300));
        } catch (DcsRefusedException refused) {
            throw refused;
        } catch (DcsException notConfirmed) {
            return false;
        }
    }

    @Test
    void noThreadKeepsTheProcessAfterClose() throws Exception {
        Dcs dcs = Connected.to(startingAt(0));
        dcs.watch(Set.of("/lost/a"), () -> {});
        dcs.renew(dcs.grant(Connected.TTL, CALL), CALL);
        dcs.close();
        Connected.eventually(
                "no thread of etcd's client is left that keeps the process",
                () -> Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> !thread.isDaemon())
                        .noneMatch(
                                thread -> thread.getName().matches("(?i).*(netty|vert\\.x|etcd|grpc|globalEvent).*")));
    }
}
