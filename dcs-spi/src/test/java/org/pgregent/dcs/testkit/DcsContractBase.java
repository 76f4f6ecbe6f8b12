package org.pgregent.dcs.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Version;
import org.pgregent.dcs.spi.WriteResult;

/** What the contract's tests share: connections that end with the test, a place of their own in the store, and patience. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class DcsContractBase {

    /** Long enough for any healthy store, so that a test that fails on it tells of a hang, not of a slow machine. */
    static final Duration CALL = Duration.ofSeconds(25);

    /** By how much a call may overrun its deadline on a busy machine. */
    static final Duration SCHEDULING = Duration.ofSeconds(2);

    final List<Dcs> connections = new ArrayList<>();
    DcsFixture fixture;
    String base;

    /** Starts the store under trial. Called once for the class. */
    protected abstract DcsFixture openFixture() throws Exception;

    @BeforeAll
    void open() throws Exception {
        fixture = openFixture();
    }

    @AfterAll
    void shut() throws Exception {
        if (fixture != null) {
            fixture.close();
        }
    }

    @BeforeEach
    void ownPlace() {
        base = "/contract/" + UUID.randomUUID();
    }

    @AfterEach
    void closeConnections() {
        connections.forEach(Dcs::close);
        connections.clear();
    }

    final Dcs connect(String node) throws Exception {
        return noted(fixture.connect(node + "-" + base.substring(base.lastIndexOf('/') + 1)));
    }

    final Dcs connectToCutOffServer(String node) throws Exception {
        return noted(fixture.connectToCutOffServer(node + "-" + base.substring(base.lastIndexOf('/') + 1)));
    }

    private Dcs noted(Dcs dcs) {
        connections.add(dcs);
        return dcs;
    }

    final void needs(DcsFixture.Ability ability) {
        assumeTrue(fixture.abilities().contains(ability), () -> "declared: no " + ability);
    }

    final String key(String name) {
        return base + "/" + name;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    final WriteResult put(Dcs dcs, String name, String value, Expect expect) throws DcsException {
        return dcs.put(key(name), bytes(value), expect, Optional.empty(), CALL);
    }

    final WriteResult put(Dcs dcs, String name, String value, Expect expect, Lease lease) throws DcsException {
        return dcs.put(key(name), bytes(value), expect, Optional.of(lease), CALL);
    }

    final WriteResult delete(Dcs dcs, String name, Expect expect) throws DcsException {
        return dcs.delete(key(name), expect, CALL);
    }

    final Lease grant(Dcs dcs) throws DcsException {
        return dcs.grant(fixture.ttl(), CALL);
    }

    static Version written(WriteResult result) {
        assertThat(result).isInstanceOf(WriteResult.Written.class);
        return ((WriteResult.Written) result).version();
    }

    static void assertConflict(WriteResult result) {
        assertThat(result).isInstanceOf(WriteResult.Conflict.class);
    }

    final Optional<DcsSnapshot.Entry> entry(Dcs dcs, String name) throws DcsException {
        return dcs.readAll(base, CALL).get(key(name));
    }

    final Optional<String> text(Dcs dcs, String name) throws DcsException {
        return entry(dcs, name).map(DcsSnapshot.Entry::text);
    }

    /** Asks until the answer is yes. An answer of {@link DcsException} counts as not yet, except a refusal. */
    static void eventually(String what, Duration within, Callable<Boolean> question) throws Exception {
        long start = System.nanoTime();
        DcsException last = null;
        do {
            try {
                if (question.call()) {
                    return;
                }
                last = null;
            } catch (DcsRefusedException refused) {
                throw refused;
            } catch (DcsException notYet) {
                last = notYet;
            }
            TimeUnit.MILLISECONDS.sleep(20);
        } while (System.nanoTime() - start < within.toNanos());
        fail("not within " + within + ": " + what, last);
    }

    /** Until calls of this connection succeed again after the store was healed. */
    final void awaitService(Dcs dcs) throws Exception {
        eventually("the store serves again", fixture.recoveryTime(), () -> {
            dcs.readAll(base, Duration.ofSeconds(2));
            return true;
        });
    }

    /** What a call on another thread came to. */
    record Outcome(Optional<Object> value, Optional<Throwable> failure, Duration took) {}

    static CompletableFuture<Outcome> inBackground(Callable<?> call) {
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        Thread thread = new Thread(() -> outcome.complete(outcomeOf(call)), "contract-call");
        thread.setDaemon(true);
        thread.start();
        return outcome;
    }

    static Outcome outcomeOf(Callable<?> call) {
        long start = System.nanoTime();
        try {
            Object value = call.call();
            return new Outcome(
                    Optional.ofNullable(value), Optional.empty(), Duration.ofNanos(System.nanoTime() - start));
        } catch (Exception e) {
            return new Outcome(Optional.empty(), Optional.of(e), Duration.ofNanos(System.nanoTime() - start));
        }
    }

    static Outcome await(CompletableFuture<Outcome> outcome) {
        return outcome.orTimeout(60, TimeUnit.SECONDS)
                .handle((value, failure) -> {
                    if (failure != null) {
                        throw new CompletionException("the call never ended", failure);
                    }
                    return value;
                })
                .join();
    }

    /** A call may fail while the store is away, but not otherwise than as a {@link DcsException} that is no refusal, and in time. */
    static void assertFailedInTime(Outcome outcome, Duration timeout) {
        assertThat(outcome.failure()).as("came to %s", outcome.value()).isPresent();
        assertThat(outcome.failure().get()).isInstanceOf(DcsException.class).isNotInstanceOf(DcsRefusedException.class);
        assertThat(outcome.took()).isLessThan(timeout.plus(SCHEDULING));
    }
}
