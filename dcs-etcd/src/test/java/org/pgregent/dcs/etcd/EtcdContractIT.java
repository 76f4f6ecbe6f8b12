package org.pgregent.dcs.etcd;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.testkit.DcsContract;
import org.pgregent.dcs.testkit.DcsFixture;
import org.pgregent.dcs.testkit.TcpProxy;

/** The store contract on three servers of etcd. */
class EtcdContractIT extends DcsContract {

    @Override
    protected DcsFixture openFixture() throws Exception {
        return new ClusterFixture(EtcdServer.start(EtcdServer.Setup.of(3)));
    }

    /** Each connection but those to the cut-off server knows all three servers. */
    record ClusterFixture(EtcdServer cluster) implements DcsFixture {

        @Override
        public Set<Ability> abilities() {
            EnumSet<Ability> abilities = EnumSet.allOf(Ability.class);
            // A new process asks for a new lease; its keys move to it one by one.
            abilities.remove(Ability.TAKES_UP_FORMER_LEASE);
            return abilities;
        }

        @Override
        public Duration ttl() {
            return Duration.ofSeconds(3);
        }

        @Override
        public int largestValueBytes() {
            return 1024 * 1024;
        }

        @Override
        public Duration recoveryTime() {
            return Duration.ofSeconds(30);
        }

        @Override
        public Dcs connect(String node) throws Exception {
            return connect(node, cluster.section());
        }

        private Dcs connect(String node, Map<String, Object> section) throws Exception {
            return new EtcdProvider().connect(new DcsConfig("etcd3", section, node, Path.of("/nowhere"), ttl()));
        }

        /** The hardest one: it has the lead, and goes on believing so for a while. */
        @Override
        public Dcs connectToCutOffServer(String node) throws Exception {
            Map<String, Object> section = new HashMap<>();
            section.put("host", cluster.hosts().get(cluster.awaitLeading()));
            section.put("use_proxies", true);
            return connect(node, section);
        }

        @Override
        public void outage() throws Exception {
            for (TcpProxy proxy : cluster.clientProxies()) {
                proxy.drop();
            }
        }

        @Override
        public void recover() throws Exception {
            for (TcpProxy proxy : cluster.clientProxies()) {
                proxy.pass();
            }
        }

        @Override
        public void freeze() throws Exception {
            for (int i = 0; i < cluster.members(); i++) {
                cluster.freeze(i);
            }
        }

        @Override
        public void thaw() throws Exception {
            for (int i = 0; i < cluster.members(); i++) {
                cluster.thaw(i);
            }
        }

        @Override
        public void cutOffFromQuorum() throws Exception {
            cluster.partition();
        }

        @Override
        public void rejoinQuorum() throws Exception {
            cluster.heal();
        }

        @Override
        public void restart() throws Exception {
            cluster.killAll();
            cluster.startAll();
        }

        @Override
        public void close() throws IOException {
            cluster.close();
        }
    }
}
