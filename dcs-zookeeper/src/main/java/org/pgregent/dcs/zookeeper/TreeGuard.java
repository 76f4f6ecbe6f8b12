package org.pgregent.dcs.zookeeper;

import java.util.List;
import org.apache.curator.framework.api.CuratorEvent;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.ACL;

/** ZooKeeper begins with nodes that anybody may write below. On servers that are ours alone they get our ACL as well. */
final class TreeGuard {

    private static final List<String> FIRST_NODES = List.of("/", "/zookeeper", "/zookeeper/quota");

    private final Carrier carrier;
    private final List<ACL> acls;

    TreeGuard(Carrier carrier, List<ACL> acls) {
        this.carrier = carrier;
        this.acls = acls;
    }

    /** Waits for nothing: the next connection tries again. */
    void close() {
        if (acls.equals(ZooDefs.Ids.OPEN_ACL_UNSAFE)) {
            return;
        }
        for (String path : FIRST_NODES) {
            carrier.send((client, answer) ->
                            client.getACL().inBackground(answer).forPath(path))
                    .thenAccept(seen -> closeIfOpen(path, seen));
        }
    }

    private void closeIfOpen(String path, CuratorEvent seen) {
        if (seen.getResultCode() == Code.OK.intValue() && seen.getACLList().equals(ZooDefs.Ids.OPEN_ACL_UNSAFE)) {
            carrier.send((client, answer) ->
                    client.setACL().withACL(acls).inBackground(answer).forPath(path));
        }
    }
}
