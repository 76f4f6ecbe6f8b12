package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.curator.framework.AuthInfo;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.api.BackgroundCallback;
import org.apache.curator.framework.api.CuratorEvent;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.client.ZKClientConfig;

/**
 * The Curator client that carries a {@link Session}, and the one handle it may have. Curator would open another session when one
 * ends, and gives one up by its own clock; here it gets the same handle however often it asks.
 */
final class Carrier {

    private static final int PREPARE_MS = 2000;

    /** A call that ZooKeeper answers with an event. */
    interface Call {
        void send(CuratorFramework curator, BackgroundCallback answer) throws Exception;
    }

    private final ZooKeeperSettings settings;
    private final Optional<StoreTls> tls;
    private final int ttlMs;
    private final Optional<SavedSession> resumed;
    private final Watcher events;
    private final CuratorFramework curator;
    private volatile ResumableZooKeeper handle;

    /** @param events hears of all that happens to the connection, on ZooKeeper's thread: it must not block */
    Carrier(
            ZooKeeperSettings settings,
            Optional<StoreTls> tls,
            Duration ttl,
            Optional<SavedSession> resumed,
            Watcher events) {
        this.settings = settings;
        this.tls = tls;
        this.ttlMs = Math.toIntExact(ttl.toMillis());
        this.resumed = resumed;
        this.events = events;
        this.curator = client();
    }

    private CuratorFramework client() {
        ZKClientConfig config = new ZKClientConfig();
        config.setProperty(ZKClientConfig.ENABLE_CLIENT_SASL_KEY, "false");
        tls.ifPresent(files -> files.configure(config));
        List<AuthInfo> auth = settings.authData().entrySet().stream()
                .map(entry -> new AuthInfo(entry.getKey(), entry.getValue()))
                .toList();
        CuratorFrameworkFactory.Builder builder = CuratorFrameworkFactory.builder()
                .connectString(hosts().toString())
                .ensembleTracker(false)
                .sessionTimeoutMs(ttlMs)
                .connectionTimeoutMs(ttlMs)
                .retryPolicy((count, elapsed, sleeper) -> false)
                .dontUseContainerParents()
                .maxCloseWaitMs(500)
                .zkClientConfig(config)
                .aclProvider(settings.aclProvider())
                .zookeeperFactory(new SingleHandle(this::handle));
        if (!auth.isEmpty()) {
            builder.authorization(auth);
        }
        return builder.build();
    }

    private OrderedHosts hosts() {
        return new OrderedHosts(
                settings.hosts(), server -> tls.ifPresent(files -> files.beforeConnect(server, PREPARE_MS)));
    }

    /** However often Curator asks, there is only the one. */
    private synchronized ResumableZooKeeper handle(Watcher curatorsWatcher, ZKClientConfig config) throws IOException {
        if (handle == null) {
            Watcher watcher = event -> {
                curatorsWatcher.process(event);
                events.process(event);
            };
            OrderedHosts hosts = hosts();
            handle = resumed.isPresent()
                    ? new ResumableZooKeeper(hosts, resumed.get(), watcher, config)
                    : new ResumableZooKeeper(hosts, ttlMs, watcher, config);
        }
        return handle;
    }

    /** Begins to connect. */
    void start() {
        curator.start();
    }

    /** {@code 0} before the first connection of a new session. */
    long sessionId() {
        ResumableZooKeeper current = handle;
        return resumed.map(SavedSession::id).orElseGet(() -> current == null ? 0 : current.getSessionId());
    }

    byte[] sessionPassword() {
        return handle.getSessionPasswd();
    }

    /** What the server has agreed to. */
    Duration negotiatedTtl() {
        return Duration.ofMillis(handle.getSessionTimeout());
    }

    CuratorFramework curator() {
        return curator;
    }

    /** Sends at once, for a caller that has seen the connection stand; the answer may be that it stands no more. */
    CompletableFuture<CuratorEvent> send(Call call) {
        CompletableFuture<CuratorEvent> answer = new CompletableFuture<>();
        try {
            call.send(curator, (client, event) -> answer.complete(event));
        } catch (Exception e) {
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            answer.completeExceptionally(e);
        }
        return answer;
    }

    CompletableFuture<CuratorEvent> multi(List<CuratorOp> operations) {
        return send(
                (client, answer) -> client.transaction().inBackground(answer).forOperations(operations));
    }

    /**
     * A write without effect: when it is answered, the servers have agreed on it, and whatever is read behind it is at least
     * that new. One operation alone would be read locally; as a transaction it goes the way of every write.
     */
    CompletableFuture<CuratorEvent> barrier() {
        try {
            return multi(List.of(curator.transactionOp().check().forPath("/")));
        } catch (Exception e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    void breakConnection() throws IOException {
        handle.breakConnection();
    }

    /** Asks the server to end the session. Whoever has waited long enough cancels what is returned. */
    CompletableFuture<Code> end() {
        CompletableFuture<Code> code = new CompletableFuture<>();
        ResumableZooKeeper current = handle;
        Thread closing = inBackground("zookeeper-end", () -> {
            try {
                code.complete(current.end());
            } catch (InterruptedException e) {
                code.complete(Code.OPERATIONTIMEOUT);
            }
        });
        code.whenComplete((came, failure) -> {
            if (code.isCancelled()) {
                closing.interrupt();
            }
        });
        return code;
    }

    /** Drops the connection without ending the session. A client that is just looking a name up may take its time. */
    CompletableFuture<Void> putDown() {
        CompletableFuture<Void> gone = new CompletableFuture<>();
        inBackground("zookeeper-put-down", () -> {
            try {
                if (handle != null) {
                    handle.putDown();
                }
                curator.close();
            } finally {
                gone.complete(null);
            }
        });
        return gone;
    }

    private static Thread inBackground(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
