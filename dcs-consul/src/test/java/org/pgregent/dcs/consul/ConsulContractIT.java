package org.pgregent.dcs.consul;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.testkit.DcsContract;
import org.pgregent.dcs.testkit.DcsFixture;

/** The store contract on three servers, asked in turn. */
class ConsulContractIT extends DcsContract {

    @TempDir
    static Path folder;

    @Override
    protected DcsFixture openFixture() throws Exception {
        return new Servers(ConsulServer.start(folder, ConsulServer.Options.plain(3)), new AtomicInteger());
    }

    private record Servers(ConsulServer consul, AtomicInteger turn) implements DcsFixture {

        /** Each process makes a session of its own: an ended one's keys go when its time is over. */
        @Override
        public Set<Ability> abilities() {
            EnumSet<Ability> abilities = EnumSet.allOf(Ability.class);
            abilities.remove(Ability.TAKES_UP_FORMER_LEASE);
            return abilities;
        }

        @Override
        public Duration ttl() {
            return Duration.ofSeconds(4);
        }

        @Override
        public int largestValueBytes() {
            return KeyWriter.VALUE_BYTES_MAX;
        }

        @Override
        public Duration recoveryTime() {
            return Duration.ofSeconds(30);
        }

        @Override
        public Dcs connect(String node) throws Exception {
            return consul.connect(Math.floorMod(turn.getAndIncrement(), consul.count()), node, ttl());
        }

        @Override
        public Dcs connectToCutOffServer(String node) throws Exception {
            return consul.connect(0, node, ttl());
        }

        @Override
        public void outage() throws Exception {
            consul.killAll();
        }

        @Override
        public void recover() throws Exception {
            consul.startAll();
        }

        @Override
        public void freeze() throws Exception {
            for (int i = 0; i < consul.count(); i++) {
                consul.process(i).freeze();
            }
        }

        @Override
        public void thaw() throws Exception {
            for (int i = 0; i < consul.count(); i++) {
                consul.process(i).thaw();
            }
        }

        @Override
        public void cutOffFromQuorum() throws Exception {
            consul.process(1).freeze();
            consul.process(2).freeze();
        }

        @Override
        public void rejoinQuorum() throws Exception {
            consul.process(1).thaw();
            consul.process(2).thaw();
        }

        @Override
        public void restart() throws Exception {
            consul.killAll();
            consul.startAll();
        }

        @Override
        public void close() throws IOException {
            consul.close();
        }
    }
}
