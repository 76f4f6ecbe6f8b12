package org.pgregent.core.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.pgregent.core.model.DynamicConfig;
import org.pgregent.core.model.LeaseView;
import org.pgregent.core.model.Settings;
import org.pgregent.core.port.Clock;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.spi.WriteResult;
import org.pgregent.dcs.testkit.MemoryDcs;
import org.pgregent.dcs.testkit.MemoryStore;

class LeaseKeeperTest {

    private long now = Duration.ofHours(1).toNanos();
    private Duration answerTakes = Duration.ZERO;
    private boolean answersGetLost;
    private Optional<Lease> former = Optional.empty();

    private final Clock clock = new Clock() {
        @Override
        public long monotonicNanos() {
            return now;
        }

        @Override
        public Instant wall() {
            return Instant.EPOCH;
        }
    };
    private final MemoryStore store = new MemoryStore(() -> now, Duration.ofSeconds(1));
    private final LeaseKeeper keeper = new LeaseKeeper(new SlowDcs(), clock);
    private final Settings settings = settings(30);

    private static Settings settings(int ttl) {
        return Settings.from(new DynamicConfig(Map.of("ttl", ttl)), Duration.ofSeconds(20));
    }

    private boolean pass() {
        return keeper.renewIfDue(settings, false, Duration.ofSeconds(3));
    }

    private void after(int seconds) {
        now += Duration.ofSeconds(seconds).toNanos();
    }

    @Test
    void theLeaseCountsFromBeforeTheRequestNotFromTheAnswer() {
        answerTakes = Duration.ofSeconds(2);
        long before = now;
        pass();

        LeaseView view = keeper.view();

        // Granting took two seconds; the renewal that followed began then.
        assertThat(view.renewedNanos()).contains(before + Duration.ofSeconds(2).toNanos());
        assertThat(view.deadlineNanos())
                .contains(before + Duration.ofSeconds(2 + 30 - 1).toNanos());
    }

    @Test
    void anAnswerThatDidNotComeChangesNothing() {
        pass();
        LeaseView before = keeper.view();
        after(10);
        answersGetLost = true;

        assertThat(pass()).isFalse();

        assertThat(keeper.view().deadlineNanos()).isEqualTo(before.deadlineNanos());
        assertThat(keeper.view().lost()).isFalse();
        assertThat(keeper.view().trouble()).isPresent();
    }

    @Test
    void isRenewedOncePerLoopWait() {
        pass();
        after(9);
        assertThat(pass()).isFalse();
        after(1);
        assertThat(pass()).isTrue();
    }

    @Test
    void aLeaseThatIsGoneIsLostForOnePassAndThenReplaced() {
        pass();
        String first = keeper.view().id().orElseThrow();
        after(31);

        pass();
        assertThat(keeper.view().lost()).isTrue();
        assertThat(keeper.view().isHeld()).isFalse();

        pass();
        assertThat(keeper.view().lost()).isFalse();
        assertThat(keeper.view().id()).isPresent().isNotEqualTo(Optional.of(first));
    }

    @Test
    void anotherTtlMeansAnotherLeaseButNotForALeader() {
        pass();
        Optional<String> first = keeper.view().id();

        keeper.renewIfDue(settings(60), true, Duration.ofSeconds(3));
        assertThat(keeper.view().id()).isEqualTo(first);

        keeper.renewIfDue(settings(60), false, Duration.ofSeconds(3));
        assertThat(keeper.view().id()).isPresent().isNotEqualTo(first);
        assertThat(keeper.view().times().orElseThrow().safeTtl()).isEqualTo(Duration.ofSeconds(59));
    }

    /** A restarted agent remembers one ttl, and the store has kept its former lease with another. */
    @Test
    void aFormerProcesssLeaseKeepsItsTtlWhileThisNodeMayBeWritable() throws DcsException {
        Lease old = store.grant(Duration.ofSeconds(30));
        former = Optional.of(old);

        keeper.renewIfDue(settings(60), true, Duration.ofSeconds(3));
        assertThat(keeper.view().id()).contains(old.id());
        assertThat(keeper.view().times().orElseThrow().safeTtl()).isEqualTo(Duration.ofSeconds(29));

        keeper.renewIfDue(settings(60), true, Duration.ofSeconds(3));
        assertThat(keeper.view().id()).contains(old.id());

        keeper.renewIfDue(settings(60), false, Duration.ofSeconds(3));
        assertThat(keeper.view().times().orElseThrow().safeTtl()).isEqualTo(Duration.ofSeconds(59));
    }

    /** Answers late, or not at all although it acted. */
    private final class SlowDcs implements Dcs {
        private final Dcs memory = new MemoryDcs(store);

        private void answer() throws DcsException {
            now += answerTakes.toNanos();
            if (answersGetLost) {
                throw new DcsIndeterminateException("no answer");
            }
        }

        @Override
        public Lease grant(Duration ttl, Duration timeout) throws DcsException {
            Lease lease = former.isPresent() ? former.get() : memory.grant(ttl, timeout);
            former = Optional.empty();
            answer();
            return lease;
        }

        @Override
        public boolean renew(Lease lease, Duration timeout) throws DcsException {
            boolean renewed = memory.renew(lease, timeout);
            answer();
            return renewed;
        }

        @Override
        public DcsSnapshot readAll(String prefix, Duration timeout) throws DcsException {
            return memory.readAll(prefix, timeout);
        }

        @Override
        public WriteResult put(String key, byte[] value, Expect expect, Optional<Lease> lease, Duration timeout)
                throws DcsException {
            return memory.put(key, value, expect, lease, timeout);
        }

        @Override
        public WriteResult delete(String key, Expect expect, Duration timeout) throws DcsException {
            return memory.delete(key, expect, timeout);
        }

        @Override
        public void revoke(Lease lease, Duration timeout) throws DcsException {
            memory.revoke(lease, timeout);
        }

        @Override
        public Watch watch(Set<String> keys, Runnable hint) {
            return memory.watch(keys, hint);
        }

        @Override
        public void close() {
            memory.close();
        }
    }
}
