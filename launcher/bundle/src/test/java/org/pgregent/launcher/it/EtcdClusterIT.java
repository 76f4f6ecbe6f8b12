package org.pgregent.launcher.it;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.pgregent.dcs.etcd.EtcdServer;

/** On three etcd servers. */
class EtcdClusterIT extends StoreClusterContract {

    @Override
    ExternalStore open(Path folder) throws Exception {
        EtcdServer etcd = EtcdServer.start(EtcdServer.Setup.of(3));
        return new ExternalStore() {
            @Override
            public String provider() {
                return "etcd";
            }

            @Override
            public String section() {
                return "etcd3";
            }

            @Override
            public Map<String, Object> settings() {
                return etcd.section();
            }

            @Override
            public void freeze() throws Exception {
                for (int i = 0; i < etcd.members(); i++) {
                    etcd.freeze(i);
                }
            }

            @Override
            public void thaw() throws Exception {
                for (int i = 0; i < etcd.members(); i++) {
                    etcd.thaw(i);
                }
            }

            @Override
            public void restart() throws Exception {
                etcd.killAll();
                etcd.startAll();
            }

            @Override
            public void close() throws IOException {
                etcd.close();
            }
        };
    }
}
