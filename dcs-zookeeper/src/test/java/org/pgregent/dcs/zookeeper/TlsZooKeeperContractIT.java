package org.pgregent.dcs.zookeeper;

import java.util.List;
import java.util.Map;
import org.pgregent.dcs.testkit.DcsContract;
import org.pgregent.dcs.testkit.DcsFixture;
import org.pgregent.dcs.testkit.TestCertificates;

/** The store contract on one of Debian's servers: in TLS both ways, below a chroot, on nodes that are closed to strangers. */
class TlsZooKeeperContractIT extends DcsContract {

    @Override
    protected DcsFixture openFixture() throws Exception {
        ZooKeeperServer servers = ZooKeeperServer.of(1);
        TestCertificates authority = TestCertificates.in(servers.folder().resolve("tls"));
        TestCertificates.Issued server = authority.issue("zk1", "IP:127.0.0.1");
        TestCertificates.Issued agent = authority.issue("agent");
        servers.withTls(authority, server, "need").started();
        return new ExternalFixture(
                servers,
                true,
                "/shared/ours",
                Map.of(
                        "use_ssl",
                        true,
                        "cacert",
                        authority.ca().toString(),
                        "cert",
                        agent.certificate().toString(),
                        "key",
                        agent.key().toString(),
                        "set_acls",
                        Map.of("CN=agent", List.of("ALL"))));
    }
}
