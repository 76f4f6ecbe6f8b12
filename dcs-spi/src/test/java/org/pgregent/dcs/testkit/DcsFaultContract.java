package org.pgregent.dcs.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Version;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.spi.WriteResult;
import org.pgregent.dcs.testkit.DcsFixture.Ability;

/** The part of {@link DcsContract} about a store that does not answer, goes away, or has lost its quorum. */
abstract class DcsFaultContract extends DcsLeaseContract {

    private static final Duration SHORT = Duration.ofMillis(800);

    @Test
    void noCallOutlastsItsTimeoutWhileTheStoreIsFrozen() throws Exception {
        needs(Ability.FREEZE);
        Dcs dcs = connect("n1");
        Lease lease = grant(dcs);
        written(put(dcs, "a", "1", Expect.absent()));
        List<Callable<?>> calls = List.of(
                () -> dcs.readAll(base, SHORT),
                () -> dcs.put(key("a"), bytes("2"), Expect.anything(), Optional.empty(), SHORT),
                () -> dcs.put(key("b"), bytes("2"), Expect.absent(), Optional.of(lease), SHORT),
                () -> dcs.delete(key("c"), Expect.anything(), SHORT),
                () -> dcs.renew(lease, SHORT));
        fixture.freeze();
        try {
            for (Callable<?> call : calls) {
                assertFailedInTime(outcomeOf(call), SHORT);
            }
            for (CompletableFuture<Outcome> call :
                    calls.stream().map(DcsContractBase::inBackground).toList()) {
                assertFailedInTime(await(call), SHORT);
            }
            assertThat(outcomeOf(() -> connect("n2").grant(fixture.ttl(), SHORT)))
                    .satisfies(outcome -> assertFailedInTime(outcome, SHORT));
        } finally {
            fixture.thaw();
        }
        awaitService(dcs);
    }

    @Test
    void watchAndCloseDoNotBlockWhileTheStoreIsFrozen() throws Exception {
        needs(Ability.FREEZE);
        Dcs dcs = connect("n1");
        dcs.readAll(base, CALL);
        fixture.freeze();
        try {
            Outcome outcome = outcomeOf(() -> {
                dcs.watch(Set.of(key("a")), () -> {}).close();
                dcs.close();
                return true;
            });
            assertThat(outcome.failure()).isEmpty();
            assertThat(outcome.took()).isLessThan(CALL);
        } finally {
            fixture.thaw();
        }
    }

    @Test
    void whetherAnUnansweredWriteHappenedIsConsistentAfterwards() throws Exception {
        needs(Ability.FREEZE);
        Dcs dcs = connect("n1");
        Dcs other = connect("n2");
        Version old = written(put(dcs, "a", "old", Expect.absent()));
        other.readAll(base, CALL);
        fixture.freeze();
        Outcome outcome;
        try {
            outcome = outcomeOf(() -> dcs.put(key("a"), bytes("new"), Expect.at(old), Optional.empty(), SHORT));
            assertFailedInTime(outcome, SHORT);
        } finally {
            fixture.thaw();
        }
        awaitService(other);
        awaitService(dcs);
        if (outcome.failure().orElseThrow() instanceof DcsUnavailableException) {
            assertThat(text(other, "a")).as("said not to have happened").contains("old");
        }
        // A write may still arrive between the read and the swap; but once swapped, the late one must not fit any more.
        eventually("a swap of what was read", CALL, () -> {
            DcsSnapshot.Entry now = entry(other, "a").orElseThrow();
            assertThat(now.text()).isIn("old", "new");
            assertThat(now.text().equals("old")).isEqualTo(now.version().equals(old));
            return put(other, "a", "swapped", Expect.at(now.version())).written();
        });
        assertThat(text(dcs, "a")).contains("swapped");
        TimeUnit.MILLISECONDS.sleep(500);
        assertThat(text(other, "a")).contains("swapped");
    }

    @Test
    void aLateWriteOfAFormerHolderNeverHitsItsSuccessor() throws Exception {
        needs(Ability.FREEZE);
        Dcs former = connect("n1");
        Dcs next = connect("n2");
        Lease lease = grant(former);
        written(put(former, "a", "former", Expect.absent(), lease));
        next.readAll(base, CALL);
        fixture.freeze();
        CompletableFuture<Outcome> late;
        try {
            late = inBackground(
                    () -> former.put(key("a"), bytes("late"), Expect.heldBy(lease), Optional.of(lease), SHORT));
            assertFailedInTime(await(late), SHORT);
        } finally {
            fixture.thaw();
        }
        // The former holder renews no more: its key goes, and the successor's must stay as it is.
        awaitGone(next, "a");
        Lease second = grant(next);
        written(put(next, "a", "successor", Expect.absent(), second));
        assertThat(outcomeOf(() -> put(former, "a", "late", Expect.heldBy(lease), lease))
                        .value()
                        .filter(DcsFaultContract::isWritten))
                .isEmpty();
        for (int i = 0; i < 5; i++) {
            assertThat(next.renew(second, CALL)).isTrue();
            assertThat(text(next, "a")).contains("successor");
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    @Test
    void anInterruptEndsTheCallAndStaysSet() throws Exception {
        needs(Ability.FREEZE);
        Dcs dcs = connect("n1");
        dcs.readAll(base, CALL);
        fixture.freeze();
        try {
            AtomicBoolean flag = new AtomicBoolean();
            CompletableFuture<Outcome> outcome = new CompletableFuture<>();
            Thread caller = new Thread(() -> {
                Outcome came = outcomeOf(() -> put(dcs, "a", "1", Expect.anything()));
                flag.set(Thread.currentThread().isInterrupted());
                outcome.complete(came);
            });
            caller.setDaemon(true);
            caller.start();
            TimeUnit.MILLISECONDS.sleep(200);
            caller.interrupt();
            Outcome came = await(outcome);
            assertThat(came.failure().orElseThrow()).isInstanceOf(DcsIndeterminateException.class);
            assertThat(came.took()).isLessThan(CALL);
            assertThat(flag).isTrue();
        } finally {
            fixture.thaw();
        }
        awaitService(dcs);
    }

    @Test
    void anOutageFailsCallsInTimeAndIsGotOver() throws Exception {
        needs(Ability.OUTAGE);
        Dcs dcs = connect("n1");
        Version before = written(put(dcs, "a", "1", Expect.absent()));
        fixture.outage();
        try {
            for (int i = 0; i < 3; i++) {
                assertFailedInTime(outcomeOf(() -> dcs.readAll(base, SHORT)), SHORT);
                assertFailedInTime(
                        outcomeOf(() -> dcs.put(key("b"), bytes("1"), Expect.absent(), Optional.empty(), SHORT)),
                        SHORT);
            }
            Dcs late = connect("n2");
            assertFailedInTime(outcomeOf(() -> late.readAll(base, SHORT)), SHORT);
        } finally {
            fixture.recover();
        }
        awaitService(dcs);
        eventually("a write of before is there and can be swapped", fixture.recoveryTime(), () -> {
            assertThat(entry(dcs, "a").orElseThrow().version()).isEqualTo(before);
            return put(dcs, "a", "2", Expect.at(before)).written();
        });
    }

    @Test
    void hintsAfterAnOutageAndGoesOnWatching() throws Exception {
        needs(Ability.OUTAGE);
        Dcs watching = connect("n1");
        AtomicInteger hints = new AtomicInteger();
        try (Watch watch = watching.watch(Set.of(key("a")), hints::incrementAndGet)) {
            eventually("a hint on a write", fixture.recoveryTime(), () -> {
                put(watching, "a", "x", Expect.anything());
                return hints.get() > 0;
            });
            DcsContract.quiet(hints);
            int before = hints.get();
            fixture.outage();
            fixture.recover();
            eventually("a hint after the outage", fixture.recoveryTime(), () -> hints.get() > before);
            awaitService(watching);
            Dcs writing = connect("n2");
            awaitService(writing);
            DcsContract.quiet(hints);
            int healed = hints.get();
            written(put(writing, "a", "y", Expect.anything()));
            eventually("a hint on a write after the outage", CALL, () -> hints.get() > healed);
            assertThat(watch).isNotNull();
        }
    }

    @Test
    void anOutageShorterThanTheLeaseLeavesItAlive() throws Exception {
        needs(Ability.OUTAGE);
        Dcs dcs = connect("n1");
        Lease lease = dcs.grant(fixture.ttl().plus(fixture.recoveryTime()), CALL);
        written(put(dcs, "a", "1", Expect.absent(), lease));
        fixture.outage();
        try {
            assertFailedInTime(outcomeOf(() -> dcs.renew(lease, SHORT)), SHORT);
        } finally {
            fixture.recover();
        }
        eventually("the lease can be renewed again", fixture.recoveryTime(), () -> dcs.renew(lease, SHORT));
        assertThat(text(dcs, "a")).contains("1");
    }

    @Test
    void aRestartOfTheServersLosesNothingAcknowledged() throws Exception {
        needs(Ability.RESTART);
        Dcs dcs = connect("n1");
        for (int i = 0; i < 20; i++) {
            written(put(dcs, "k" + i, Integer.toString(i), Expect.absent()));
        }
        DcsSnapshot before = dcs.readAll(base, CALL);
        fixture.restart();
        awaitService(dcs);
        DcsSnapshot after = dcs.readAll(base, CALL);
        assertThat(after.entries().keySet()).isEqualTo(before.entries().keySet());
        before.entries()
                .forEach((key, entry) ->
                        assertThat(after.get(key).orElseThrow().version()).isEqualTo(entry.version()));
    }

    @Test
    void aServerCutOffFromItsQuorumConfirmsNothing() throws Exception {
        needs(Ability.CUT_OFF);
        Dcs dcs = connectToCutOffServer("n1");
        Lease lease = dcs.grant(fixture.ttl().plus(fixture.recoveryTime()), CALL);
        written(put(dcs, "a", "1", Expect.absent(), lease));
        assertThat(dcs.renew(lease, CALL)).isTrue();
        fixture.cutOffFromQuorum();
        try {
            for (int i = 0; i < 4; i++) {
                assertFailedInTime(outcomeOf(() -> dcs.renew(lease, SHORT)), SHORT);
                assertFailedInTime(outcomeOf(() -> dcs.readAll(base, SHORT)), SHORT);
                assertFailedInTime(
                        outcomeOf(() -> dcs.put(key("b"), bytes("1"), Expect.anything(), Optional.empty(), SHORT)),
                        SHORT);
            }
        } finally {
            fixture.rejoinQuorum();
        }
        awaitService(dcs);
        eventually("an answer on the lease, whichever", fixture.recoveryTime(), () -> {
            boolean kept = dcs.renew(lease, SHORT);
            assertThat(entry(dcs, "a").isPresent()).isEqualTo(kept);
            return true;
        });
    }

    @Test
    void twoTakersAcrossAFreezeNeverBothHold() throws Exception {
        needs(Ability.FREEZE);
        Dcs one = connect("n1");
        Dcs two = connect("n2");
        Lease first = grant(one);
        Lease second = grant(two);
        CompletableFuture<Outcome> a;
        CompletableFuture<Outcome> b;
        fixture.freeze();
        try {
            a = inBackground(() -> one.put(key("a"), bytes("1"), Expect.absent(), Optional.of(first), SHORT));
            b = inBackground(() -> two.put(key("a"), bytes("2"), Expect.absent(), Optional.of(second), SHORT));
            TimeUnit.MILLISECONDS.sleep(SHORT.toMillis() / 2);
        } finally {
            fixture.thaw();
        }
        long wins = List.of(a, b).stream()
                .map(DcsContractBase::await)
                .filter(outcome ->
                        outcome.value().filter(DcsFaultContract::isWritten).isPresent())
                .count();
        assertThat(wins).isLessThanOrEqualTo(1);
        awaitService(one);
        Outcome outcome = await(a);
        if (outcome.value().filter(DcsFaultContract::isWritten).isPresent() && one.renew(first, CALL)) {
            assertThat(text(two, "a")).contains("1");
        }
    }

    private static boolean isWritten(Object result) {
        return result instanceof WriteResult written && written.written();
    }

    /** A call that fails says so by one of the three exceptions, whatever moment the store goes away in. */
    @Test
    void nothingButTheAgreedExceptionsWhileTheStoreComesAndGoes() throws Exception {
        needs(Ability.OUTAGE);
        Dcs dcs = connect("n1");
        AtomicBoolean end = new AtomicBoolean();
        CompletableFuture<Outcome> calling = inBackground(() -> {
            int failed = 0;
            while (!end.get()) {
                try {
                    put(dcs, "a", "x", Expect.anything());
                    dcs.readAll(base, SHORT);
                } catch (DcsUnavailableException | DcsIndeterminateException agreed) {
                    failed++;
                }
            }
            return failed;
        });
        try {
            for (int i = 0; i < 3; i++) {
                TimeUnit.MILLISECONDS.sleep(100);
                fixture.outage();
                TimeUnit.MILLISECONDS.sleep(100);
                fixture.recover();
            }
        } finally {
            end.set(true);
        }
        assertThat(await(calling).failure()).isEmpty();
        eventually("a write after it all", fixture.recoveryTime(), () -> put(dcs, "a", "y", Expect.anything())
                .written());
    }

    /** Only what the fixture declares can be tried; that it declares honestly is seen here. */
    @Test
    void whatIsNotDeclaredIsRefusedByTheFixture() {
        if (!fixture.abilities().contains(Ability.OUTAGE)) {
            assertThat(outcomeOf(asCall(fixture::outage)).failure().orElseThrow())
                    .isInstanceOf(UnsupportedOperationException.class);
        }
        if (!fixture.abilities().contains(Ability.FREEZE)) {
            assertThat(outcomeOf(asCall(fixture::freeze)).failure().orElseThrow())
                    .isInstanceOf(UnsupportedOperationException.class);
        }
        if (!fixture.abilities().contains(Ability.CUT_OFF)) {
            assertThat(outcomeOf(asCall(fixture::cutOffFromQuorum)).failure().orElseThrow())
                    .isInstanceOf(UnsupportedOperationException.class);
        }
        if (!fixture.abilities().contains(Ability.RESTART)) {
            assertThat(outcomeOf(asCall(fixture::restart)).failure().orElseThrow())
                    .isInstanceOf(UnsupportedOperationException.class);
        }
    }

    private interface Step {
        void run() throws Exception;
    }

    private static Callable<Boolean> asCall(Step step) {
        return () -> {
            step.run();
            return true;
        };
    }
}
