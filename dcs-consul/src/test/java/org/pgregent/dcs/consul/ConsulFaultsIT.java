package org.pgregent.dcs.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.testkit.TcpProxy;

/** A network between us and one server that drops, swallows, delays and closes one half. */
@Timeout(180)
class ConsulFaultsIT {

    private static final Duration CALL = Duration.ofSeconds(10);
    private static final Duration SHORT = Duration.ofMillis(800);

    @TempDir
    static Path folder;

    private static ConsulServer consul;
    private TcpProxy network;
    private Dcs dcs;

    @BeforeAll
    static void start() throws Exception {
        consul = ConsulServer.start(folder);
    }

    @AfterAll
    static void stop() {
        Optional.ofNullable(consul).ifPresent(ConsulServer::close);
    }

    @BeforeEach
    void connect() throws Exception {
        network = new TcpProxy(consul.port(0));
        Map<String, Object> section = new HashMap<>(consul.section(0));
        section.put("host", "127.0.0.1:" + network.port());
        dcs = consul.connect(section, "n1", CALL);
        dcs.readAll("/faults", CALL);
    }

    @AfterEach
    void disconnect() throws Exception {
        dcs.close();
        network.close();
    }

    private List<Callable<?>> calls(Lease lease) {
        return List.of(
                () -> dcs.readAll("/faults", SHORT),
                () -> dcs.put("/faults/a", new byte[1], Expect.anything(), Optional.of(lease), SHORT),
                () -> dcs.delete("/faults/a", Expect.anything(), SHORT),
                () -> dcs.grant(CALL, SHORT),
                () -> dcs.renew(lease, SHORT));
    }

    /** Each fails in an agreed way and in time, and all is well again when the network is. */
    private void assertFailThenRecover(Lease lease) throws Exception {
        for (Callable<?> call : calls(lease)) {
            long start = System.nanoTime();
            Throwable failure = catchThrowable(call::call);
            assertThat(failure).isInstanceOf(DcsException.class).isNotInstanceOf(DcsRefusedException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SHORT.plusSeconds(2));
        }
        network.pass();
        eventually("the lease is renewed", () -> dcs.renew(lease, CALL));
    }

    private static void eventually(String what, Callable<Boolean> question) throws Exception {
        long end = System.nanoTime() + ConsulServer.PATIENCE.toNanos();
        while (true) {
            try {
                if (question.call()) {
                    return;
                }
            } catch (DcsUnavailableException | DcsIndeterminateException notYet) {
                assertThat(notYet).hasMessageContaining("Consul");
            }
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    @Test
    void aDroppedNetwork() throws Exception {
        Lease lease = dcs.grant(Duration.ofSeconds(60), CALL);
        network.drop();
        assertFailThenRecover(lease);
    }

    @Test
    void aBlackHole() throws Exception {
        Lease lease = dcs.grant(Duration.ofSeconds(60), CALL);
        network.blackHole();
        assertFailThenRecover(lease);
    }

    @Test
    void aHalfClosedConnection() throws Exception {
        Lease lease = dcs.grant(Duration.ofSeconds(60), CALL);
        network.halfClose();
        for (Callable<?> call : calls(lease)) {
            Throwable failure = catchThrowable(call::call);
            assertThat(failure == null || failure instanceof DcsException)
                    .as("%s", failure)
                    .isTrue();
        }
        network.pass();
        eventually("the lease is renewed", () -> dcs.renew(lease, CALL));
    }

    @Test
    void aSlowNetwork() throws Exception {
        Lease lease = dcs.grant(Duration.ofSeconds(60), CALL);
        network.delay(SHORT.multipliedBy(2));
        long start = System.nanoTime();
        assertThatThrownBy(() -> dcs.renew(lease, SHORT)).isInstanceOf(DcsException.class);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SHORT.plusSeconds(2));
        network.delay(Duration.ZERO);
        eventually("the lease is renewed", () -> dcs.renew(lease, CALL));
    }

    /** A write that was given up may still arrive; guarded by what it expects, it does no harm then. */
    @Test
    void aWriteThatArrivesLateFindsAnotherVersion() throws Exception {
        try (Dcs other = consul.connect(0, "n2", CALL)) {
            network.delay(SHORT.multipliedBy(2));
            assertThatThrownBy(() -> dcs.put("/late/a", new byte[] {1}, Expect.absent(), Optional.empty(), SHORT))
                    .isInstanceOf(DcsIndeterminateException.class);
            boolean first = other.put("/late/a", new byte[] {2}, Expect.absent(), Optional.empty(), CALL)
                    .written();
            TimeUnit.MILLISECONDS.sleep(SHORT.toMillis() * 3);
            assertThat(other.readAll("/late", CALL).get("/late/a").orElseThrow().value())
                    .containsExactly(first ? 2 : 1);
        }
    }

    @Test
    void aWatchNoticesASilentNetworkAndComesBack() throws Exception {
        AtomicInteger hints = new AtomicInteger();
        try (Watch watch = dcs.watch(Set.of("/watched/a"), hints::incrementAndGet)) {
            eventually("a hint", () -> hints.get() > 0);
            int before = hints.get();
            network.blackHole();
            eventually("a hint that nothing is heard any more", () -> hints.get() > before);
            int silent = hints.get();
            network.pass();
            eventually("a hint that it is back", () -> hints.get() > silent);
            int back = hints.get();
            try (Dcs other = consul.connect(0, "n2", CALL)) {
                other.put("/watched/a", new byte[1], Expect.anything(), Optional.empty(), CALL);
            }
            eventually("a hint on a write", () -> hints.get() > back);
            assertThat(watch).isNotNull();
        }
    }

    @Test
    void aKeyThatNobodyWantsGivesNoHint() throws Exception {
        AtomicInteger hints = new AtomicInteger();
        try (Watch watch = dcs.watch(Set.of("/quiet/a"), hints::incrementAndGet)) {
            eventually("a hint", () -> hints.get() > 0);
            TimeUnit.MILLISECONDS.sleep(200);
            int before = hints.get();
            for (int i = 0; i < 10; i++) {
                dcs.put("/quiet/b", new byte[] {(byte) i}, Expect.anything(), Optional.empty(), CALL);
            }
            TimeUnit.MILLISECONDS.sleep(300);
            assertThat(hints.get()).isEqualTo(before);
            assertThat(watch).isNotNull();
        }
    }
}
