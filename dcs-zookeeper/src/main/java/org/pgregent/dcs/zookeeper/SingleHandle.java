package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import org.apache.curator.utils.ZookeeperFactory;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.ZKClientConfig;

/** Hands Curator the handle that {@link Session} keeps, instead of letting it make its own. */
final class SingleHandle implements ZookeeperFactory {

    interface Source {
        ZooKeeper handle(Watcher watcher, ZKClientConfig config) throws IOException;
    }

    private final Source source;

    SingleHandle(Source source) {
        this.source = source;
    }

    @Override
    public ZooKeeper newZooKeeper(String servers, int timeoutMs, Watcher watcher, boolean readOnly) throws Exception {
        return source.handle(watcher, new ZKClientConfig());
    }

    @Override
    public ZooKeeper newZooKeeper(
            String servers, int timeoutMs, Watcher watcher, boolean readOnly, ZKClientConfig config) throws Exception {
        return source.handle(watcher, config);
    }
}
