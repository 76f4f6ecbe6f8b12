package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.testkit.DcsFixture;
import org.pgregent.dcs.testkit.TcpProxy;

/** Servers outside, with a network between them and their clients that can be hurt. */
final class ExternalFixture implements DcsFixture {

    private final ZooKeeperServer servers;
    private final Map<String, Object> settings;
    private final String chroot;
    private final List<TcpProxy> network = new ArrayList<>();

    /**
     * @param secure through the servers' TLS ports
     * @param settings what the section says beside the hosts
     */
    ExternalFixture(ZooKeeperServer servers, boolean secure, String chroot, Map<String, Object> settings)
            throws IOException {
        this.servers = servers;
        this.settings = new TreeMap<>(settings);
        this.settings.put("tick_time", 500);
        this.chroot = chroot;
        for (int server = 1; server <= servers.size(); server++) {
            network.add(new TcpProxy(secure ? servers.securePort(server) : servers.clientPort(server)));
        }
    }

    @Override
    public Set<Ability> abilities() {
        EnumSet<Ability> abilities = EnumSet.allOf(Ability.class);
        abilities.remove(Ability.ATOMIC_READ);
        if (servers.size() == 1) {
            abilities.remove(Ability.CUT_OFF);
        }
        return abilities;
    }

    @Override
    public Duration ttl() {
        return Duration.ofSeconds(4);
    }

    @Override
    public int largestValueBytes() {
        return ZooKeeperDcs.VALUE_BYTES_MAX;
    }

    @Override
    public Duration recoveryTime() {
        return Ensemble.PATIENCE;
    }

    private Dcs connect(String node, List<TcpProxy> through) throws DcsException, IOException {
        List<String> hosts = new ArrayList<>(
                through.stream().map(proxy -> "127.0.0.1:" + proxy.port()).toList());
        int last = hosts.size() - 1;
        hosts.set(last, hosts.get(last) + chroot);
        Map<String, Object> section = new TreeMap<>(settings);
        section.put("hosts", hosts);
        return new ZooKeeperProvider()
                .connect(new DcsConfig(
                        "zookeeper",
                        section,
                        node,
                        Files.createDirectories(servers.folder().resolve("state-" + node)),
                        ttl()));
    }

    @Override
    public Dcs connect(String node) throws Exception {
        return connect(node, network);
    }

    @Override
    public Dcs connectToCutOffServer(String node) throws Exception {
        return connect(node, network.subList(0, 1));
    }

    @Override
    public void outage() throws Exception {
        for (TcpProxy proxy : network) {
            proxy.drop();
        }
    }

    @Override
    public void recover() throws Exception {
        for (TcpProxy proxy : network) {
            proxy.pass();
        }
    }

    @Override
    public void freeze() throws Exception {
        servers.freezeAll();
    }

    @Override
    public void thaw() throws Exception {
        servers.thawAll();
    }

    @Override
    public void cutOffFromQuorum() throws Exception {
        if (servers.size() == 1) {
            throw new UnsupportedOperationException("one server is its own quorum");
        }
        servers.isolate(1);
    }

    @Override
    public void rejoinQuorum() throws Exception {
        servers.reconnect();
    }

    @Override
    public void restart() throws Exception {
        servers.killAll();
        servers.startAll();
    }

    @Override
    public void close() throws IOException {
        for (TcpProxy proxy : network) {
            proxy.close();
        }
        servers.close();
    }
}
