package org.pgregent.example.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
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
import org.pgregent.dcs.testkit.TcpProxy;

/** What the contract does not ask of every store: a server whose time jumps, whose network is silent, that forgets, or says no. */
@Timeout(180)
class TableServerFaultsIT {

    private static final Duration CALL = Duration.ofSeconds(10);
    private static final Duration TTL = Duration.ofSeconds(5);
    private static final byte[] VALUE = "x".getBytes(StandardCharsets.UTF_8);

    @TempDir
    static Path folder;

    private static TableServer server;

    @BeforeAll
    static void start() throws Exception {
        server = TableServer.start(folder.resolve("data"), folder, UnaryOperator.identity());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Dcs connect(Map<String, Object> settings) throws DcsException {
        return new PostgresTableProvider().connect(new DcsConfig("postgres_table", settings, "n1", folder, TTL));
    }

    private static Dcs connect() throws DcsException {
        return connect(TableServer.settings(server.port()));
    }

    private static boolean has(Dcs dcs, String key) throws DcsException {
        return dcs.readAll("/t", CALL).get(key).isPresent();
    }

    /** What the table says the server's clock last showed is moved, which to the store is the same as moving the clock. */
    private static void setTimeForward(String by) throws Exception {
        server.execute("UPDATE pgregent_store.entry SET seen = seen - interval '" + by + "' WHERE path = ''");
    }

    @Test
    void aClockSetForwardEndsALeaseEarlyByItsSlackAtMost() throws Exception {
        try (Dcs holder = connect();
                Dcs observer = connect()) {
            long before = System.nanoTime();
            Lease lease = holder.grant(TTL, CALL);
            holder.put("/t/forward", VALUE, Expect.absent(), Optional.of(lease), CALL);
            setTimeForward("1 day");
            while (has(observer, "/t/forward")) {
                TimeUnit.MILLISECONDS.sleep(20);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(lease.safeTtl());
        }
    }

    @Test
    void aClockSetBackKeepsNoLeaseAliveForLong() throws Exception {
        try (Dcs holder = connect();
                Dcs observer = connect()) {
            long before = System.nanoTime();
            Lease lease = holder.grant(TTL, CALL);
            holder.put("/t/back", VALUE, Expect.absent(), Optional.of(lease), CALL);
            setTimeForward("-1 day");
            while (has(observer, "/t/back")) {
                TimeUnit.MILLISECONDS.sleep(20);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(lease.safeTtl());
            assertThat(holder.renew(lease, CALL)).isFalse();
        }
    }

    /** As long as nobody could renew, the time did not count. */
    @Test
    void aServerThatWasDownEndsNoLease() throws Exception {
        try (Dcs holder = connect()) {
            Lease lease = holder.grant(TTL, CALL);
            holder.put("/t/down", VALUE, Expect.absent(), Optional.of(lease), CALL);
            server.kill();
            TimeUnit.NANOSECONDS.sleep(TTL.toNanos());
            server.start();
            assertThat(renewedAtLast(holder, lease)).isTrue();
            assertThat(has(holder, "/t/down")).isTrue();
            holder.revoke(lease, CALL);
        }
    }

    private static boolean renewedAtLast(Dcs dcs, Lease lease) throws InterruptedException, DcsRefusedException {
        long end = System.nanoTime() + CALL.toNanos();
        while (true) {
            try {
                return dcs.renew(lease, Duration.ofSeconds(2));
            } catch (DcsRefusedException refused) {
                throw refused;
            } catch (DcsException notYet) {
                assertThat(System.nanoTime() - end).as(notYet.getMessage()).isNegative();
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
    }

    @Test
    void noCallOutlastsItsTimeoutInASilentNetwork() throws Exception {
        Duration shortTime = Duration.ofMillis(500);
        try (TcpProxy network = new TcpProxy(server.port());
                Dcs dcs = connect(TableServer.settings(network.port()))) {
            dcs.put("/t/silent", VALUE, Expect.anything(), Optional.empty(), CALL);
            network.blackHole();
            for (int i = 0; i < 4; i++) {
                long start = System.nanoTime();
                assertThatThrownBy(() -> dcs.put("/t/silent", VALUE, Expect.anything(), Optional.empty(), shortTime))
                        .isInstanceOf(DcsException.class)
                        .isNotInstanceOf(DcsRefusedException.class);
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(shortTime.plusSeconds(2));
            }
            network.pass();
            network.halfClose();
            long end = System.nanoTime() + CALL.toNanos();
            while (true) {
                try {
                    assertThat(dcs.readAll("/t", shortTime).entries()).isNotEmpty();
                    return;
                } catch (DcsException notYet) {
                    assertThat(System.nanoTime() - end).as(notYet.getMessage()).isNegative();
                }
            }
        }
    }

    /** A session that keeps the table locked: calls fail in time, and say that nothing happened. */
    @Test
    void aForeignLockIsNotWaitedForBeyondTheTimeout() throws Exception {
        try (Dcs dcs = connect()) {
            dcs.put("/t/locked", VALUE, Expect.anything(), Optional.empty(), CALL);
            CountDownLatch locked = new CountDownLatch(1);
            Thread foreigner = new Thread(() -> {
                try {
                    server.execute("BEGIN; LOCK TABLE pgregent_store.entry; SELECT pg_sleep(7); COMMIT");
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                } finally {
                    locked.countDown();
                }
            });
            foreigner.start();
            assertThat(locked.await(300, TimeUnit.MILLISECONDS)).isFalse();
            assertThatThrownBy(() -> dcs.delete("/t/locked", Expect.anything(), CALL))
                    .isInstanceOf(DcsUnavailableException.class)
                    .hasMessageContaining("statement timeout");
            foreigner.join();
            assertThat(has(dcs, "/t/locked")).isTrue();
        }
    }

    @Test
    void aServerThatForgetsIsRefused() throws Exception {
        server.execute("ALTER SYSTEM SET fsync = off");
        server.execute("SELECT pg_reload_conf()");
        try (Dcs dcs = connect()) {
            assertThatThrownBy(() -> {
                        while (true) {
                            // A session opened before the server has read its new setting does not know of it.
                            try (Dcs next = connect()) {
                                next.readAll("/t", CALL);
                            }
                        }
                    })
                    .isInstanceOf(DcsRefusedException.class)
                    .hasMessageContaining("postgres_table.url")
                    .hasMessageContaining("fsync is off");
            assertThat(dcs).isNotNull();
        } finally {
            server.execute("ALTER SYSTEM RESET fsync");
            server.execute("SELECT pg_reload_conf()");
        }
    }

    @Test
    void aWrongPasswordIsRefusedAndNotShown() throws Exception {
        Map<String, Object> settings = new HashMap<>(TableServer.settings(server.port()));
        settings.put("password", "not-the-right-one");
        try (Dcs dcs = connect(settings)) {
            assertThatThrownBy(() -> dcs.readAll("/t", CALL))
                    .isInstanceOf(DcsRefusedException.class)
                    .hasMessageContaining("postgres_table")
                    .hasMessageContaining("password authentication failed")
                    .hasMessageNotContaining("not-the-right-one");
        }
    }

    /** Figures for the README; nothing hangs on them. */
    @Test
    void measures() throws Exception {
        try (Dcs dcs = connect();
                Dcs other = connect()) {
            Lease lease = dcs.grant(TTL, CALL);
            dcs.put("/t/m", VALUE, Expect.anything(), Optional.of(lease), CALL);
            print("read", () -> dcs.readAll("/t", CALL));
            print("compare and set", () -> dcs.put("/t/m", VALUE, Expect.heldBy(lease), Optional.of(lease), CALL));
            print("renew", () -> dcs.renew(lease, CALL));
            CountDownLatch[] hinted = {new CountDownLatch(1)};
            other.watch(Set.of("/t/m"), () -> hinted[0].countDown());
            print("put to hint", () -> {
                hinted[0] = new CountDownLatch(1);
                dcs.put("/t/m", VALUE, Expect.anything(), Optional.empty(), CALL);
                return hinted[0].await(10, TimeUnit.SECONDS);
            });
            dcs.revoke(lease, CALL);
        }
    }

    private interface Step {
        Object run() throws Exception;
    }

    private static void print(String what, Step step) throws Exception {
        List<Long> took = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            long start = System.nanoTime();
            step.run();
            took.add(System.nanoTime() - start);
        }
        Collections.sort(took);
        System.out.printf("MEASURED %s: median %.1f ms, p99 %.1f ms%n", what, took.get(50) / 1e6, took.get(98) / 1e6);
    }
}
