package org.pgregent.dcs.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Version;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.spi.WriteResult;

/** The part of {@link DcsContract} about leases. */
abstract class DcsLeaseContract extends DcsContractBase {

    /** A lease may end later than promised; a double fault of a real store makes it twice the ttl. */
    final Duration runOut() {
        return fixture.ttl().multipliedBy(3).plus(fixture.recoveryTime());
    }

    final void awaitGone(Dcs dcs, String name) throws Exception {
        eventually(
                name + " goes with its lease", runOut(), () -> entry(dcs, name).isEmpty());
    }

    @Test
    void keysTellTheLeaseTheyHangOn() throws Exception {
        Dcs dcs = connect("n1");
        Lease lease = grant(dcs);
        written(put(dcs, "leased", "1", Expect.absent(), lease));
        written(put(dcs, "kept", "1", Expect.absent()));
        assertThat(entry(dcs, "leased").orElseThrow().leaseId()).contains(lease.id());
        assertThat(entry(dcs, "kept").orElseThrow().leaseId()).isEmpty();
    }

    @Test
    void leasesOfTwoNodesDiffer() throws Exception {
        assertThat(grant(connect("n1")).id()).isNotEqualTo(grant(connect("n2")).id());
    }

    @Test
    void grantsAtLeastWhatIsAskedOrRefuses() throws Exception {
        Dcs dcs = connect("n1");
        Duration asked = Duration.ofMillis(1);
        Outcome outcome = outcomeOf(() -> dcs.grant(asked, CALL));
        if (outcome.failure().isPresent()) {
            assertThat(outcome.failure().get()).isInstanceOf(DcsRefusedException.class);
        } else {
            assertThat(((Lease) outcome.value().orElseThrow()).ttl()).isGreaterThanOrEqualTo(asked);
        }
        assertThat(grant(dcs).ttl()).isGreaterThanOrEqualTo(fixture.ttl());
    }

    @Test
    void anUnrenewedLeaseEndsButNotBeforeItsSafeTime() throws Exception {
        Dcs holder = connect("n1");
        Dcs observer = connect("n2");
        long before = System.nanoTime();
        Lease lease = grant(holder);
        written(put(holder, "a", "1", Expect.absent(), lease));
        awaitGone(observer, "a");
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(lease.safeTtl());
        assertThat(holder.renew(lease, CALL)).isFalse();
    }

    @Test
    void closingTheConnectionLeavesTheLeaseToRunOut() throws Exception {
        Dcs holder = connect("n1");
        Dcs observer = connect("n2");
        Lease lease = grant(holder);
        written(put(holder, "a", "1", Expect.absent(), lease));
        long before = System.nanoTime();
        assertThat(holder.renew(lease, CALL)).isTrue();
        holder.close();
        awaitGone(observer, "a");
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(lease.safeTtl());
    }

    @Test
    void renewingKeepsTheLeaseAndItsKeys() throws Exception {
        Dcs holder = connect("n1");
        Dcs observer = connect("n2");
        Lease lease = grant(holder);
        written(put(holder, "a", "1", Expect.absent(), lease));
        written(put(holder, "b", "1", Expect.absent(), lease));
        long end =
                System.nanoTime() + fixture.ttl().multipliedBy(2).plusSeconds(1).toNanos();
        long renewed = System.nanoTime();
        while (System.nanoTime() < end) {
            renewed = System.nanoTime();
            assertThat(holder.renew(lease, CALL)).isTrue();
            TimeUnit.NANOSECONDS.sleep(fixture.ttl().toNanos() / 5);
        }
        assertThat(text(observer, "a")).contains("1");
        assertThat(text(observer, "b")).contains("1");
        awaitGone(observer, "a");
        assertThat(Duration.ofNanos(System.nanoTime() - renewed)).isGreaterThanOrEqualTo(lease.safeTtl());
        awaitGone(observer, "b");
    }

    @Test
    void renewAfterTheEndIsFalseForGood() throws Exception {
        Dcs holder = connect("n1");
        Lease lease = grant(holder);
        holder.revoke(lease, CALL);
        assertThat(holder.renew(lease, CALL)).isFalse();
        Lease next = grant(holder);
        assertThat(next.id()).isNotEqualTo(lease.id());
        assertThat(holder.renew(lease, CALL)).isFalse();
        assertThat(holder.renew(next, CALL)).isTrue();
    }

    @Test
    void revokeDropsTheKeysAtOnce() throws Exception {
        Dcs holder = connect("n1");
        Dcs observer = connect("n2");
        Lease lease = grant(holder);
        written(put(holder, "a", "1", Expect.absent(), lease));
        written(put(holder, "kept", "1", Expect.absent()));
        holder.revoke(lease, CALL);
        assertThat(text(observer, "a")).isEmpty();
        assertThat(text(observer, "kept")).contains("1");
        holder.revoke(lease, CALL);
    }

    @Test
    void aPutWithAnEndedLeaseWritesNothing() throws Exception {
        Dcs holder = connect("n1");
        Lease lease = grant(holder);
        written(put(holder, "b", "old", Expect.absent()));
        holder.revoke(lease, CALL);
        assertThat(put(holder, "a", "1", Expect.absent(), lease)).isEqualTo(new WriteResult.LeaseGone());
        assertThat(put(holder, "b", "new", Expect.anything(), lease)).isEqualTo(new WriteResult.LeaseGone());
        assertThat(text(holder, "a")).isEmpty();
        assertThat(text(holder, "b")).contains("old");
    }

    @Test
    void aPutMovesTheKeyToItsLease() throws Exception {
        Dcs one = connect("n1");
        Dcs two = connect("n2");
        Lease first = grant(one);
        Lease second = grant(two);
        written(put(one, "a", "1", Expect.absent(), first));
        Version kept = written(put(one, "b", "1", Expect.absent()));
        written(put(two, "a", "2", Expect.anything(), second));
        written(put(two, "b", "2", Expect.at(kept), second));
        assertThat(entry(one, "a").orElseThrow().leaseId()).contains(second.id());
        assertThat(entry(one, "b").orElseThrow().leaseId()).contains(second.id());
        one.revoke(first, CALL);
        assertThat(text(two, "a")).contains("2");
        two.revoke(second, CALL);
        assertThat(text(one, "a")).isEmpty();
        assertThat(text(one, "b")).isEmpty();
    }

    @Test
    void aPutWithoutLeaseMakesTheKeyStay() throws Exception {
        Dcs dcs = connect("n1");
        Lease lease = grant(dcs);
        written(put(dcs, "a", "1", Expect.absent(), lease));
        written(put(dcs, "a", "2", Expect.anything()));
        assertThat(entry(dcs, "a").orElseThrow().leaseId()).isEmpty();
        dcs.revoke(lease, CALL);
        assertThat(text(dcs, "a")).contains("2");
    }

    @Test
    void theHolderWritesAndDeletesByItsLease() throws Exception {
        Dcs dcs = connect("n1");
        Lease lease = grant(dcs);
        assertConflict(put(dcs, "a", "1", Expect.heldBy(lease), lease));
        written(put(dcs, "a", "1", Expect.absent(), lease));
        written(put(dcs, "a", "2", Expect.heldBy(lease), lease));
        assertThat(text(dcs, "a")).contains("2");
        written(put(dcs, "kept", "1", Expect.absent()));
        assertConflict(put(dcs, "kept", "2", Expect.heldBy(lease)));
        assertConflict(delete(dcs, "kept", Expect.heldBy(lease)));
        written(delete(dcs, "a", Expect.heldBy(lease)));
        assertThat(text(dcs, "a")).isEmpty();
        assertConflict(delete(dcs, "a", Expect.heldBy(lease)));
    }

    @Test
    void aFormerHolderNeverHitsItsSuccessor() throws Exception {
        Dcs former = connect("n1");
        Dcs next = connect("n2");
        Lease ended = grant(former);
        Version held = written(put(former, "a", "former", Expect.absent(), ended));
        former.revoke(ended, CALL);
        Lease lease = grant(next);
        Version successor = written(put(next, "a", "successor", Expect.absent(), lease));

        assertThat(put(former, "a", "late", Expect.heldBy(ended), ended).written())
                .isFalse();
        assertConflict(put(former, "a", "late", Expect.heldBy(ended)));
        assertConflict(delete(former, "a", Expect.heldBy(ended)));
        if (!held.equals(successor)) {
            assertConflict(put(former, "a", "late", Expect.at(held)));
        }
        assertThat(text(next, "a")).contains("successor");
        assertThat(next.renew(lease, CALL)).isTrue();
    }

    @Test
    void ofConcurrentTakersExactlyOneHolds() throws Exception {
        List<Dcs> takers = List.of(connect("n1"), connect("n2"), connect("n3"));
        List<Lease> leases = new ArrayList<>();
        for (Dcs taker : takers) {
            leases.add(grant(taker));
        }
        for (int round = 0; round < 40; round++) {
            CyclicBarrier together = new CyclicBarrier(takers.size());
            List<CompletableFuture<Outcome>> tries = new ArrayList<>();
            for (int i = 0; i < takers.size(); i++) {
                int taker = i;
                tries.add(inBackground(() -> {
                    together.await(10, TimeUnit.SECONDS);
                    takers.get(taker).renew(leases.get(taker), CALL);
                    return put(takers.get(taker), "a", "n" + taker, Expect.absent(), leases.get(taker));
                }));
            }
            List<Integer> winners = new ArrayList<>();
            boolean leaseRanOut = false;
            for (int i = 0; i < tries.size(); i++) {
                Outcome outcome = await(tries.get(i));
                assertThat(outcome.failure()).isEmpty();
                WriteResult result = (WriteResult) outcome.value().orElseThrow();
                if (result.written()) {
                    winners.add(i);
                } else if (result instanceof WriteResult.LeaseGone) {
                    // The machine stood still for a ttl: no fault of the store, and no taker either.
                    leaseRanOut = true;
                    leases.set(i, grant(takers.get(i)));
                }
            }
            if (winners.isEmpty() && leaseRanOut) {
                continue;
            }
            assertThat(winners).as("round %s", round).hasSize(1);
            int winner = winners.get(0);
            assertThat(text(takers.get((winner + 1) % 3), "a")).contains("n" + winner);
            delete(takers.get(winner), "a", Expect.anything());
        }
    }

    @Test
    void hintsWhenAKeyGoesWithItsLease() throws Exception {
        Dcs holder = connect("n1");
        Dcs watching = connect("n2");
        AtomicInteger hints = new AtomicInteger();
        Lease lease = grant(holder);
        try (Watch watch = watching.watch(Set.of(key("a")), hints::incrementAndGet)) {
            eventually("a hint on a write", fixture.recoveryTime(), () -> {
                put(holder, "a", "x", Expect.anything(), lease);
                return hints.get() > 0;
            });
            DcsContract.quiet(hints);
            int before = hints.get();
            holder.revoke(lease, CALL);
            eventually("a hint", CALL, () -> hints.get() > before);
            assertThat(watch).isNotNull();
        }
    }

    /** Declared or not, the answer is an agreed one: the former lease with its keys, or another with none of them on it. */
    @Test
    void aRestartedNodeTakesUpItsLeaseIfDeclared() throws Exception {
        Dcs first = connect("n1");
        Lease lease = grant(first);
        written(put(first, "a", "1", Expect.absent(), lease));
        first.close();
        Dcs again = connect("n1");
        Lease next = grant(again);
        if (fixture.abilities().contains(DcsFixture.Ability.TAKES_UP_FORMER_LEASE)) {
            assertThat(next.id()).isEqualTo(lease.id());
            assertThat(again.renew(next, CALL)).isTrue();
            written(put(again, "a", "2", Expect.heldBy(next), next));
            assertThat(text(again, "a")).contains("2");
        } else {
            assertThat(next.id()).isNotEqualTo(lease.id());
            assertConflict(put(again, "a", "2", Expect.heldBy(next), next));
        }
    }

    /**
     * The configuration may have changed while the node led on the lease it had. Its keys must not go because it was started
     * again and wants another length: it may be acting on them.
     */
    @Test
    void aRestartedNodeThatWantsAnotherLengthKeepsItsKeys() throws Exception {
        Dcs first = connect("n1");
        Lease lease = grant(first);
        written(put(first, "a", "1", Expect.absent(), lease));
        first.close();
        Dcs again = connect("n1");
        Lease next = again.grant(fixture.ttl().plusSeconds(2), CALL);
        assertThat(text(again, "a")).contains("1");
        if (fixture.abilities().contains(DcsFixture.Ability.TAKES_UP_FORMER_LEASE)) {
            assertThat(next.id()).isEqualTo(lease.id());
            assertThat(next.ttl()).isEqualTo(lease.ttl());
        }
        again.revoke(next, CALL);
        Lease wanted = again.grant(fixture.ttl().plusSeconds(2), CALL);
        assertThat(wanted.ttl()).isGreaterThanOrEqualTo(fixture.ttl().plusSeconds(2));
        assertThat(again.renew(wanted, CALL)).isTrue();
    }

    /** An agent in a crash loop looks after nothing: what it reads at each start must not keep its former keys alive. */
    @Test
    void aNodeThatIsStartedAgainAndAgainAndOnlyReadsLosesItsLease() throws Exception {
        Dcs first = connect("n1");
        written(put(first, "a", "1", Expect.absent(), grant(first)));
        first.close();
        Dcs other = connect("n2");
        eventually("the lease of a node that never asks for it ran out", runOut(), () -> {
            try (Dcs again = connect("n1");
                    Watch watch = again.watch(Set.of(key("a")), () -> {})) {
                assertThat(watch).isNotNull();
                written(put(again, "config", "x", Expect.anything()));
                text(again, "a");
            }
            return text(other, "a").isEmpty();
        });
    }

    @Test
    void aLeaseOfAnotherLengthCanBeGrantedNext() throws Exception {
        Dcs dcs = connect("n1");
        Lease first = grant(dcs);
        written(put(dcs, "a", "1", Expect.absent(), first));
        Lease longer = dcs.grant(fixture.ttl().plusSeconds(2), CALL);
        assertThat(longer.ttl()).isGreaterThanOrEqualTo(fixture.ttl().plusSeconds(2));
        assertThat(dcs.renew(longer, CALL)).isTrue();
        written(dcs.put(key("a"), bytes("2"), Expect.anything(), Optional.of(longer), CALL));
        assertThat(entry(dcs, "a").orElseThrow().leaseId()).contains(longer.id());
    }
}
