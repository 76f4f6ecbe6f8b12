package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.testkit.DcsContract;
import org.pgregent.dcs.testkit.DcsFixture;

/** The store contract on three embedded servers, with their secret. */
class ZooKeeperContractIT extends DcsContract {

    @Override
    protected DcsFixture openFixture() throws Exception {
        Ensemble ensemble = new Ensemble(3, Optional.of(Ensemble.SECRET));
        ensemble.startAll();
        ensemble.awaitAllServing();
        return new EnsembleFixture(ensemble);
    }

    private record EnsembleFixture(Ensemble ensemble) implements DcsFixture {

        @Override
        public Set<Ability> abilities() {
            EnumSet<Ability> abilities = EnumSet.allOf(Ability.class);
            abilities.remove(Ability.ATOMIC_READ);
            return abilities;
        }

        @Override
        public Duration ttl() {
            return Duration.ofSeconds(4);
        }

        @Override
        public int largestValueBytes() {
            return ZooKeeperDcs.VALUE_BYTES_MAX;
        }

        @Override
        public Duration recoveryTime() {
            return Ensemble.PATIENCE;
        }

        @Override
        public Dcs connect(String node) throws Exception {
            return ensemble.connect(node, ttl());
        }

        @Override
        public Dcs connectToCutOffServer(String node) throws Exception {
            return ensemble.connect(node, ttl(), 1);
        }

        @Override
        public void outage() throws Exception {
            ensemble.killAll();
        }

        @Override
        public void recover() throws Exception {
            ensemble.startAll();
        }

        @Override
        public void freeze() throws Exception {
            ensemble.signalAll("STOP");
        }

        @Override
        public void thaw() throws Exception {
            ensemble.signalAll("CONT");
        }

        @Override
        public void cutOffFromQuorum() throws Exception {
            ensemble.signal("STOP", 2);
            ensemble.signal("STOP", 3);
        }

        @Override
        public void rejoinQuorum() throws Exception {
            ensemble.signal("CONT", 2);
            ensemble.signal("CONT", 3);
        }

        @Override
        public void restart() throws Exception {
            ensemble.killAll();
            ensemble.startAll();
        }

        @Override
        public void close() throws IOException {
            ensemble.close();
        }
    }
}
