package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.admin.ZooKeeperAdmin;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.data.Stat;

/** A short-lived connection to the embedded servers for reading and changing who belongs to them. */
final class QuorumClient implements AutoCloseable {

    private static final String NODE = "/pgregent-quorum";
    private static final int SESSION_MS = 10_000;

    private final EmbeddedSettings settings;
    private final ZooKeeperAdmin admin;

    private QuorumClient(EmbeddedSettings settings, ZooKeeperAdmin admin) {
        this.settings = settings;
        this.admin = admin;
    }

    /** @throws IOException if none of the servers answers in time */
    static QuorumClient connect(
            EmbeddedSettings settings, Optional<StoreTls> tls, List<HostPort> servers, Duration timeout)
            throws IOException, InterruptedException {
        ZKClientConfig config = new ZKClientConfig();
        config.setProperty(ZKClientConfig.ENABLE_CLIENT_SASL_KEY, "false");
        config.setProperty(ZKClientConfig.ZOOKEEPER_REQUEST_TIMEOUT, Long.toString(timeout.toMillis()));
        if (tls.isPresent()) {
            tls.get().refresh();
            tls.get().configure(config);
        }
        CountDownLatch connected = new CountDownLatch(1);
        ZooKeeperAdmin admin = new ZooKeeperAdmin(
                servers.stream().map(HostPort::toString).collect(Collectors.joining(",")),
                SESSION_MS,
                event -> {
                    if (event.getState() == Watcher.Event.KeeperState.SyncConnected) {
                        connected.countDown();
                    }
                },
                config);
        QuorumClient client = new QuorumClient(settings, admin);
        boolean usable = false;
        try {
            settings.clientAuth().forEach(admin::addAuthInfo);
            usable = connected.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } finally {
            // Also on an interrupt: its threads would try to connect for ever.
            if (!usable) {
                client.close();
            }
        }
        if (!usable) {
            throw new IOException("none of " + servers + " took a session within " + timeout.toMillis() + " ms");
        }
        return client;
    }

    /** What the quorum has agreed on. */
    QuorumView view() throws KeeperException, InterruptedException {
        admin.sync("/zookeeper/config");
        return QuorumView.parse(new String(admin.getConfig(false, new Stat()), StandardCharsets.UTF_8));
    }

    /** The list the operator wants, as the quorum knows it; empty if nobody has told it any. */
    Optional<WantedServers> wanted() throws KeeperException, InterruptedException {
        admin.sync(NODE);
        try {
            Stat stat = new Stat();
            byte[] text = admin.getData(NODE, false, stat);
            return Optional.of(WantedServers.parse(new String(text, StandardCharsets.UTF_8), stat.getVersion()));
        } catch (KeeperException.NoNodeException none) {
            return Optional.empty();
        }
    }

    /** Fails with an exception if somebody else was faster. */
    void replaceWanted(Optional<WantedServers> seen, WantedServers next) throws KeeperException, InterruptedException {
        byte[] text = next.text().getBytes(StandardCharsets.UTF_8);
        if (seen.isPresent()) {
            admin.setData(NODE, text, seen.get().nodeVersion());
        } else {
            admin.create(
                    NODE,
                    text,
                    settings.clientAcls().equals(ZooDefs.Ids.CREATOR_ALL_ACL)
                            ? ZooDefs.Ids.CREATOR_ALL_ACL
                            : ZooDefs.Ids.OPEN_ACL_UNSAFE,
                    CreateMode.PERSISTENT);
        }
    }

    /**
     * Makes these the servers of the quorum, or changes nothing if its list is another than the one seen by now. Always the whole list:
     * to add a single server, ZooKeeper insists on a port for clients without TLS.
     */
    void change(QuorumView seen, QuorumView next) throws KeeperException, InterruptedException {
        becomeAdmin();
        admin.reconfigure((String) null, null, next.fileText(), seen.version(), new Stat());
    }

    private void becomeAdmin() {
        admin.addAuthInfo(
                "digest", (QuorumLogin.SUPER + ":" + settings.adminPassword()).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        try {
            admin.close(1000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
