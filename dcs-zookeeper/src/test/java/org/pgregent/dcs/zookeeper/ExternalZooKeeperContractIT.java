package org.pgregent.dcs.zookeeper;

import java.util.Map;
import org.pgregent.dcs.testkit.DcsContract;
import org.pgregent.dcs.testkit.DcsFixture;

/** The store contract on three of Debian's servers. */
class ExternalZooKeeperContractIT extends DcsContract {

    @Override
    protected DcsFixture openFixture() throws Exception {
        ZooKeeperServer servers = ZooKeeperServer.of(3).started();
        return new ExternalFixture(servers, false, "", Map.of());
    }
}
