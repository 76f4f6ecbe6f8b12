package org.pgregent.dcs.testkit;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.pgregent.dcs.spi.Dcs;

/** The memory version passes what the real stores pass; that is why the simulator may stand on it. */
class MemoryDcsTest extends DcsContract {

    @Override
    protected DcsFixture openFixture() {
        return new MemoryFixture(new MemoryStore(System::nanoTime, Duration.ofMillis(100)));
    }

    private static final class MemoryFixture implements DcsFixture {

        private final MemoryStore store;
        private final FaultyDcs.Network network = new FaultyDcs.Network();

        MemoryFixture(MemoryStore store) {
            this.store = store;
        }

        @Override
        public Set<Ability> abilities() {
            return EnumSet.of(Ability.OUTAGE, Ability.FREEZE, Ability.CUT_OFF, Ability.ATOMIC_READ);
        }

        @Override
        public Duration ttl() {
            return Duration.ofMillis(700);
        }

        @Override
        public int largestValueBytes() {
            return MemoryStore.VALUE_BYTES_MAX;
        }

        @Override
        public Duration recoveryTime() {
            return Duration.ofSeconds(5);
        }

        @Override
        public Dcs connect(String node) {
            return new FaultyDcs(new MemoryDcs(store), network, false);
        }

        @Override
        public Dcs connectToCutOffServer(String node) {
            return new FaultyDcs(new MemoryDcs(store), network, true);
        }

        @Override
        public void outage() {
            network.outage();
        }

        @Override
        public void recover() {
            network.heal();
        }

        @Override
        public void freeze() {
            network.freeze();
        }

        @Override
        public void thaw() {
            network.heal();
        }

        @Override
        public void cutOffFromQuorum() {
            network.cutOff(true);
        }

        @Override
        public void rejoinQuorum() {
            network.cutOff(false);
        }

        @Override
        public void close() {
            network.heal();
        }
    }
}
