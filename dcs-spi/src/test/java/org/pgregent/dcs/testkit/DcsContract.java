package org.pgregent.dcs.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Version;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.spi.WriteResult;

/**
 * The Javadoc of {@link Dcs} as tests: keys, versions, reads and watches. {@link DcsLeaseContract} and {@link
 * DcsFaultContract} go on with leases and with a store that fails. A back end passes all three, which is why they are
 * one line of inheritance: extend this class, and say in {@link #openFixture} how to start your store.
 */
public abstract class DcsContract extends DcsFaultContract {

    @Test
    void createsOnlyWhatIsAbsent() throws Exception {
        Dcs dcs = connect("n1");
        Version first = written(put(dcs, "a", "1", Expect.absent()));
        WriteResult again = put(dcs, "a", "2", Expect.absent());
        assertThat(again).isEqualTo(new WriteResult.Conflict(Optional.of(first)));
        assertThat(entry(dcs, "a").orElseThrow().version()).isEqualTo(first);
        assertThat(text(dcs, "a")).contains("1");
    }

    @Test
    void swapsOnlyTheVersionItKnows() throws Exception {
        Dcs dcs = connect("n1");
        Version first = written(put(dcs, "a", "1", Expect.absent()));
        Version second = written(put(dcs, "a", "2", Expect.at(first)));
        assertThat(second).isNotEqualTo(first);
        assertConflict(put(dcs, "a", "3", Expect.at(first)));
        assertThat(text(dcs, "a")).contains("2");
        assertThat(entry(dcs, "a").orElseThrow().version()).isEqualTo(second);
    }

    @Test
    void theSameValueWrittenAgainIsANewVersion() throws Exception {
        Dcs dcs = connect("n1");
        Version first = written(put(dcs, "a", "same", Expect.absent()));
        Version second = written(put(dcs, "a", "same", Expect.anything()));
        assertThat(second).isNotEqualTo(first);
        assertConflict(put(dcs, "a", "x", Expect.at(first)));
    }

    @Test
    void writesAnythingOverWhateverIsThere() throws Exception {
        Dcs dcs = connect("n1");
        written(put(dcs, "a", "1", Expect.anything()));
        written(put(dcs, "a", "2", Expect.anything()));
        assertThat(text(dcs, "a")).contains("2");
    }

    @Test
    void aConflictOnAnAbsentKeyHasNoVersion() throws Exception {
        Dcs dcs = connect("n1");
        Version gone = written(put(dcs, "a", "1", Expect.absent()));
        written(delete(dcs, "a", Expect.anything()));
        assertThat(put(dcs, "a", "2", Expect.at(gone))).isEqualTo(new WriteResult.Conflict(Optional.empty()));
        assertThat(delete(dcs, "a", Expect.at(gone))).isEqualTo(new WriteResult.Conflict(Optional.empty()));
        assertThat(text(dcs, "a")).isEmpty();
    }

    @Test
    void aRecreatedKeyNeverHasAVersionItHadBefore() throws Exception {
        Dcs dcs = connect("n1");
        List<Version> seen = new ArrayList<>();
        for (int life = 0; life < 5; life++) {
            Version version = written(put(dcs, "a", "same", Expect.absent()));
            assertThat(seen).doesNotContain(version);
            for (Version old : seen) {
                assertConflict(put(dcs, "a", "late", Expect.at(old)));
                assertConflict(delete(dcs, "a", Expect.at(old)));
            }
            seen.add(version);
            Version changed = written(put(dcs, "a", "same", Expect.at(version)));
            assertThat(seen).doesNotContain(changed);
            seen.add(changed);
            written(delete(dcs, "a", Expect.at(changed)));
        }
    }

    /** One client writes at a version read earlier while another deletes and recreates the key: the old version never fits. */
    @Test
    void anOldVersionNeverFitsWhileTheKeyIsBeingRecreated() throws Exception {
        Dcs recreating = connect("n1");
        Dcs late = connect("n2");
        for (int round = 0; round < 40; round++) {
            Version old = written(put(recreating, "a", "old", Expect.anything()));
            CyclicBarrier together = new CyclicBarrier(2);
            CompletableFuture<Outcome> recreated = inBackground(() -> {
                together.await(10, TimeUnit.SECONDS);
                delete(recreating, "a", Expect.anything());
                return put(recreating, "a", "new", Expect.absent());
            });
            together.await(10, TimeUnit.SECONDS);
            put(late, "a", "late", Expect.at(old));
            WriteResult last = (WriteResult) await(recreated).value().orElseThrow();
            if (last.written()) {
                assertThat(text(late, "a")).as("round %s", round).contains("new");
            }
            delete(recreating, "a", Expect.anything());
        }
    }

    @Test
    void deletesByEachExpectation() throws Exception {
        Dcs dcs = connect("n1");
        Version version = written(put(dcs, "a", "1", Expect.absent()));
        assertConflict(delete(dcs, "a", Expect.absent()));
        assertThat(text(dcs, "a")).contains("1");
        assertThat(written(delete(dcs, "a", Expect.at(version)))).isEqualTo(version);
        assertThat(text(dcs, "a")).isEmpty();
        written(delete(dcs, "a", Expect.anything()));
        written(put(dcs, "a", "2", Expect.absent()));
        written(delete(dcs, "a", Expect.anything()));
        assertThat(text(dcs, "a")).isEmpty();
    }

    @Test
    void keepsAnyBytesAndTheEmptyValue() throws Exception {
        Dcs dcs = connect("n1");
        byte[] all = new byte[512];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        written(dcs.put(key("bytes"), all, Expect.absent(), Optional.empty(), CALL));
        written(dcs.put(key("empty"), new byte[0], Expect.absent(), Optional.empty(), CALL));
        assertThat(entry(dcs, "bytes").orElseThrow().value()).isEqualTo(all);
        assertThat(entry(dcs, "empty").orElseThrow().value()).isEmpty();
    }

    @Test
    void keepsALargeValueWholeAndRefusesATooLargeOneWhole() throws Exception {
        Dcs dcs = connect("n1");
        byte[] largest = new byte[fixture.largestValueBytes()];
        new Random(1).nextBytes(largest);
        Version kept = written(dcs.put(key("a"), largest, Expect.absent(), Optional.empty(), CALL));
        assertThat(entry(dcs, "a").orElseThrow().value()).isEqualTo(largest);

        byte[] tooLarge = new byte[Math.max(8 * 1024 * 1024, 2 * largest.length)];
        assertThatThrownBy(() -> dcs.put(key("a"), tooLarge, Expect.anything(), Optional.empty(), CALL))
                .isInstanceOf(DcsRefusedException.class);
        assertThat(entry(dcs, "a").orElseThrow().version()).isEqualTo(kept);
        written(put(dcs, "a", "the connection still works", Expect.at(kept)));
    }

    @Test
    void aValueOfOneMegabyteIsKeptWholeOrRefused() throws Exception {
        Dcs dcs = connect("n1");
        byte[] megabyte = new byte[1024 * 1024];
        new Random(2).nextBytes(megabyte);
        Outcome outcome = outcomeOf(() -> dcs.put(key("a"), megabyte, Expect.absent(), Optional.empty(), CALL));
        if (outcome.failure().isPresent()) {
            assertThat(outcome.failure().get()).isInstanceOf(DcsRefusedException.class);
            assertThat(entry(dcs, "a")).isEmpty();
        } else {
            assertThat(entry(dcs, "a").orElseThrow().value()).isEqualTo(megabyte);
        }
    }

    @Test
    void readsWhatIsBelowThePrefixAndNothingElse() throws Exception {
        Dcs dcs = connect("n1");
        for (String name : List.of("p/b", "p/b/c", "p/b/d/e", "p/bc", "p/b-", "p/a", "p/b.d")) {
            written(put(dcs, name, "of " + name, Expect.absent()));
        }
        DcsSnapshot below = dcs.readAll(key("p/b"), CALL);
        assertThat(below.entries().keySet()).containsExactly(key("p/b/c"), key("p/b/d/e"));
        assertThat(below.get(key("p/b/d/e")).orElseThrow().text()).isEqualTo("of p/b/d/e");
        assertThat(dcs.readAll(key("p"), CALL).get(key("p/b")).orElseThrow().text())
                .isEqualTo("of p/b");
        assertThat(dcs.readAll(key("p/bc"), CALL).entries()).isEmpty();
        assertThat(dcs.readAll(key("nothing/there"), CALL).entries()).isEmpty();
    }

    @Test
    void aFolderWhoseKeysAreGoneIsNoKey() throws Exception {
        Dcs dcs = connect("n1");
        written(put(dcs, "folder/a", "1", Expect.absent()));
        assertThat(dcs.readAll(base, CALL).entries().keySet()).containsExactly(key("folder/a"));
        written(delete(dcs, "folder/a", Expect.anything()));
        assertThat(dcs.readAll(base, CALL).entries()).isEmpty();
    }

    @Test
    void nothingReadIsOlderThanTheCall() throws Exception {
        Dcs writing = connect("n1");
        Dcs reading = connect("n2");
        for (int i = 0; i < 100; i++) {
            written(put(writing, "a", Integer.toString(i), Expect.anything()));
            assertThat(text(reading, "a")).contains(Integer.toString(i));
        }
    }

    @Test
    void whatAnotherClientReadCanBeSwappedAtOnce() throws Exception {
        Dcs one = connect("n1");
        Dcs two = connect("n2");
        Version version = written(put(one, "a", "0", Expect.absent()));
        for (int i = 0; i < 50; i++) {
            version = written(put(i % 2 == 0 ? two : one, "a", Integer.toString(i), Expect.at(version)));
        }
    }

    @Test
    void aReadShowsOneMomentIfDeclared() throws Exception {
        needs(DcsFixture.Ability.ATOMIC_READ);
        Dcs writing = connect("n1");
        Dcs reading = connect("n2");
        written(put(writing, "a", "0", Expect.absent()));
        written(put(writing, "z", "0", Expect.absent()));
        AtomicBoolean end = new AtomicBoolean();
        CompletableFuture<Outcome> writer = inBackground(() -> {
            for (int i = 1; !end.get(); i++) {
                put(writing, "a", Integer.toString(i), Expect.anything());
                put(writing, "z", Integer.toString(i), Expect.anything());
            }
            return true;
        });
        for (int i = 0; i < 200; i++) {
            DcsSnapshot snapshot = reading.readAll(base, CALL);
            int ahead = number(snapshot, "a") - number(snapshot, "z");
            assertThat(ahead).as("a is written just before z").isBetween(0, 1);
        }
        end.set(true);
        assertThat(await(writer).failure()).isEmpty();
    }

    private int number(DcsSnapshot snapshot, String name) {
        return Integer.parseInt(snapshot.get(key(name)).orElseThrow().text());
    }

    @Test
    void ofConcurrentCreatorsExactlyOneWins() throws Exception {
        List<Dcs> takers = List.of(connect("n1"), connect("n2"), connect("n3"));
        for (int round = 0; round < 30; round++) {
            String name = "taken-" + round;
            CyclicBarrier together = new CyclicBarrier(takers.size());
            List<CompletableFuture<Outcome>> tries = new ArrayList<>();
            for (Dcs taker : takers) {
                tries.add(inBackground(() -> {
                    together.await(10, TimeUnit.SECONDS);
                    return put(taker, name, taker.toString(), Expect.absent());
                }));
            }
            List<Outcome> outcomes = tries.stream().map(DcsContractBase::await).toList();
            assertThat(outcomes).allMatch(outcome -> outcome.failure().isEmpty());
            assertThat(outcomes.stream()
                            .map(outcome -> (WriteResult) outcome.value().orElseThrow()))
                    .filteredOn(WriteResult::written)
                    .as("round %s", round)
                    .hasSize(1);
        }
    }

    @Test
    void concurrentSwapsLoseNoCount() throws Exception {
        List<Dcs> counters = List.of(connect("n1"), connect("n2"), connect("n3"));
        written(put(counters.get(0), "count", "0", Expect.absent()));
        int each = 20;
        List<CompletableFuture<Outcome>> runs = new ArrayList<>();
        for (Dcs dcs : counters) {
            runs.add(inBackground(() -> {
                for (int done = 0; done < each; ) {
                    DcsSnapshot.Entry now = entry(dcs, "count").orElseThrow();
                    String next = Integer.toString(Integer.parseInt(now.text()) + 1);
                    if (put(dcs, "count", next, Expect.at(now.version())).written()) {
                        done++;
                    }
                }
                return true;
            }));
        }
        assertThat(runs.stream().map(DcsContractBase::await))
                .allMatch(outcome -> outcome.failure().isEmpty());
        assertThat(text(counters.get(0), "count")).contains(Integer.toString(each * counters.size()));
    }

    @Test
    void hintsOnAppearingChangingAndGoing() throws Exception {
        Dcs watching = connect("n1");
        Dcs writing = connect("n2");
        AtomicInteger hints = new AtomicInteger();
        watching.readAll(base, CALL);
        try (Watch watch = watching.watch(Set.of(key("a"), key("b")), hints::incrementAndGet)) {
            // A hint may come late, hence also before the watch stands: the first one is waited for with repeated
            // writes.
            eventually("a hint on a write", fixture.recoveryTime(), () -> {
                put(writing, "b", "x", Expect.anything());
                return hints.get() > 0;
            });
            assertHintAfter(hints, () -> put(writing, "a", "1", Expect.absent()));
            assertHintAfter(hints, () -> put(writing, "a", "2", Expect.anything()));
            assertHintAfter(hints, () -> delete(writing, "a", Expect.anything()));
            assertHintAfter(hints, () -> put(writing, "a", "3", Expect.absent()));
            assertThat(watch).isNotNull();
        }
    }

    private void assertHintAfter(AtomicInteger hints, Callable<WriteResult> write) throws Exception {
        quiet(hints);
        int before = hints.get();
        written(write.call());
        eventually("a hint", CALL, () -> hints.get() > before);
    }

    /** Waits until the echoes of the last write are over, so that the next hint belongs to the next write. */
    static void quiet(AtomicInteger hints) throws InterruptedException {
        int seen;
        do {
            seen = hints.get();
            TimeUnit.MILLISECONDS.sleep(150);
        } while (seen != hints.get());
    }

    @Test
    void aClosedWatchHintsNoMore() throws Exception {
        Dcs watching = connect("n1");
        Dcs writing = connect("n2");
        AtomicInteger hints = new AtomicInteger();
        Watch watch = watching.watch(Set.of(key("a")), hints::incrementAndGet);
        eventually("a hint on a write", fixture.recoveryTime(), () -> {
            put(writing, "a", "x", Expect.anything());
            return hints.get() > 0;
        });
        watch.close();
        watch.close();
        quiet(hints);
        int before = hints.get();
        for (int i = 0; i < 10; i++) {
            written(put(writing, "a", Integer.toString(i), Expect.anything()));
        }
        Duration settle = Duration.ofMillis(300);
        TimeUnit.MILLISECONDS.sleep(settle.toMillis());
        assertThat(hints.get()).isEqualTo(before);
    }

    @Test
    void closeIsIdempotentAndEndsTheCalls() throws Exception {
        Dcs dcs = connect("n1");
        Lease lease = grant(dcs);
        long start = System.nanoTime();
        dcs.close();
        dcs.close();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(CALL);
        assertThatThrownBy(() -> dcs.readAll(base, CALL)).isInstanceOf(DcsException.class);
        assertThatThrownBy(() -> put(dcs, "a", "1", Expect.anything())).isInstanceOf(DcsException.class);
        assertThatThrownBy(() -> delete(dcs, "a", Expect.anything())).isInstanceOf(DcsException.class);
        assertThatThrownBy(() -> grant(dcs)).isInstanceOf(DcsException.class);
        assertThatThrownBy(() -> dcs.renew(lease, CALL)).isInstanceOf(DcsException.class);
    }
}
