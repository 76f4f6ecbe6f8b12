package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.HostProvider;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.proto.RequestHeader;

/**
 * A handle whose life is not in Curator's hands: Curator closes it when it has been without a connection for long, which would
 * give up a session the server still keeps. And one that can be put down without ending its session: {@link ZooKeeper#close}
 * tells the server to end it, and with it every key that hangs on it, which is wrong for an agent that is being restarted.
 */
final class ResumableZooKeeper extends ZooKeeper {

    ResumableZooKeeper(HostProvider hosts, int timeoutMs, Watcher watcher, ZKClientConfig config) throws IOException {
        super(hosts.toString(), timeoutMs, watcher, false, hosts, config);
    }

    ResumableZooKeeper(HostProvider hosts, SavedSession saved, Watcher watcher, ZKClientConfig config)
            throws IOException {
        super(
                hosts.toString(),
                Math.toIntExact(saved.ttl().toMillis()),
                watcher,
                saved.id(),
                saved.password(),
                false,
                hosts,
                config);
    }

    /** Nothing: see {@link #putDown}. */
    @Override
    public void close() {}

    @Override
    public boolean close(int waitMs) {
        return true;
    }

    /** Nothing: Curator takes its watcher away before it closes. */
    @Override
    public void register(Watcher watcher) {}

    /** Drops the connection. The server lets the session run out. Idempotent. */
    void putDown() {
        cnxn.disconnect();
    }

    /** Asks the server to end the session. Blocks without limit, so it is for a thread that may. */
    KeeperException.Code end() throws InterruptedException {
        RequestHeader header = new RequestHeader();
        header.setType(ZooDefs.OpCode.closeSession);
        return KeeperException.Code.get(
                cnxn.submitRequest(header, null, null, null).getErr());
    }

    /** Breaks the connection, so that the client looks for another server at once and not after two thirds of the ttl. */
    void breakConnection() throws IOException {
        getTestable().closeSocket();
    }
}
