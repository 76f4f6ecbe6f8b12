package org.pgregent.launcher.it;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.pgregent.dcs.consul.ConsulServer;

/** On three Consul servers; the agents know the first of them. */
class ConsulClusterIT extends StoreClusterContract {

    @Override
    ExternalStore open(Path folder) throws Exception {
        ConsulServer consul = ConsulServer.start(folder.resolve("consul"), ConsulServer.Options.plain(3));
        return new ExternalStore() {
            @Override
            public String provider() {
                return "consul";
            }

            @Override
            public String section() {
                return "consul";
            }

            @Override
            public Map<String, Object> settings() {
                return consul.section(0);
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
            public void restart() throws Exception {
                consul.killAll();
                consul.startAll();
            }

            @Override
            public void close() throws IOException {
                consul.close();
            }
        };
    }
}
