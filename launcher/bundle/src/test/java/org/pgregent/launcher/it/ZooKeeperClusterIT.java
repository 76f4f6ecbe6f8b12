package org.pgregent.launcher.it;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.pgregent.dcs.zookeeper.ZooKeeperServer;

/** On three ZooKeeper servers of their own, as Debian ships them. */
class ZooKeeperClusterIT extends StoreClusterContract {

    @Override
    ExternalStore open(Path folder) throws Exception {
        ZooKeeperServer zookeeper = ZooKeeperServer.of(3).started();
        return new ExternalStore() {
            @Override
            public String provider() {
                return "zookeeper";
            }

            @Override
            public String section() {
                return "zookeeper";
            }

            @Override
            public Map<String, Object> settings() {
                return Map.of("hosts", zookeeper.hosts());
            }

            @Override
            public void freeze() throws Exception {
                zookeeper.freezeAll();
            }

            @Override
            public void thaw() throws Exception {
                zookeeper.thawAll();
            }

            @Override
            public void restart() throws Exception {
                zookeeper.killAll();
                zookeeper.startAll();
            }

            @Override
            public void close() throws IOException {
                zookeeper.close();
            }
        };
    }
}
