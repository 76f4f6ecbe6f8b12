package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.apache.curator.framework.AuthInfo;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.api.BackgroundCallback;
import org.apache.curator.framework.api.CuratorEvent;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.client.ZKClientConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One session of ZooKeeper, and the Curator client that carries it. Curator would open another session when one ends, and gives
 * one up by its own clock; but here a session is a lease, so this object is bound to a single one for good: it ends when the
 * server says so ({@link #isEnded}), when it is ended on purpose, or it is put down to run out or to be taken up again.
 */
final class Session {

    private static final Logger LOG = LoggerFactory.getLogger(Session.class);
    private static final int PREPARE_MS = 2000;

    /** A call that ZooKeeper answers with an event. */
    interface Call {
        void send(CuratorFramework curator, BackgroundCallback answer) throws Exception;
    }

    private final ZooKeeperSettings settings;
    private final Duration ttl;
    private final Optional<SavedSession> resumed;
    private final Consumer<Session> disturbed;
    private final CuratorFramework curator;
    private final Optional<StoreTls> tls;
    private final Doctor doctor;
    private final Heartbeat heartbeat;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private volatile ResumableZooKeeper handle;
    private volatile boolean connected;
    private volatile boolean ended;
    private volatile boolean putDown;
    private volatile boolean wrongCredentials;
    private volatile long connectedSinceNanos;

    /**
     * @param tls how to encrypt; empty for not at all
     * @param disturbed called on any change of the connection, on ZooKeeper's thread: it must not block
     */
    Session(
            ZooKeeperSettings settings,
            Optional<StoreTls> tls,
            Duration ttl,
            Optional<SavedSession> resumed,
            Consumer<Session> disturbed) {
        this.settings = settings;
        this.tls = tls;
        this.doctor = new Doctor(settings, tls);
        this.ttl = ttl;
        this.resumed = resumed;
        this.disturbed = disturbed;
        this.heartbeat = new Heartbeat(this, settings);
        this.curator = client();
        curator.start();
        heartbeat.start();
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
                .sessionTimeoutMs(Math.toIntExact(ttl.toMillis()))
                .connectionTimeoutMs(Math.toIntExact(ttl.toMillis()))
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
    private ResumableZooKeeper handle(Watcher curatorsWatcher, ZKClientConfig config) throws IOException {
        lock.lock();
        try {
            if (handle == null) {
                Watcher watcher = event -> {
                    curatorsWatcher.process(event);
                    onEvent(event);
                };
                OrderedHosts hosts = hosts();
                handle = resumed.isPresent()
                        ? new ResumableZooKeeper(hosts, resumed.get(), watcher, config)
                        : new ResumableZooKeeper(hosts, Math.toIntExact(ttl.toMillis()), watcher, config);
            }
            return handle;
        } finally {
            lock.unlock();
        }
    }

    private void onEvent(WatchedEvent event) {
        if (event.getType() != Watcher.Event.EventType.None || putDown) {
            return;
        }
        lock.lock();
        try {
            switch (event.getState()) {
                case SyncConnected -> {
                    connectedSinceNanos = System.nanoTime();
                    connected = true;
                }
                case Expired -> markEnded();
                case AuthFailed -> {
                    wrongCredentials = true;
                    connected = false;
                }
                default -> connected = false;
            }
            heartbeat.connectionChanged();
            if (connected) {
                doctor.connectionChanged();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (connected && settings.ownsTree()) {
            guardTree();
        }
        disturbed.accept(this);
    }

    /** ZooKeeper begins with nodes that anybody may write below. */
    private void guardTree() {
        for (String path : List.of("/", "/zookeeper", "/zookeeper/quota")) {
            send((client, answer) -> client.getACL().inBackground(answer).forPath(path))
                    .thenAccept(event -> {
                        if (event.getResultCode() == Code.OK.intValue()
                                && event.getACLList().equals(ZooDefs.Ids.OPEN_ACL_UNSAFE)
                                && !settings.acls().equals(ZooDefs.Ids.OPEN_ACL_UNSAFE)) {
                            send((client, answer) -> client.setACL()
                                    .withACL(settings.acls())
                                    .inBackground(answer)
                                    .forPath(path));
                        }
                    });
        }
    }

    private void markEnded() {
        if (!ended) {
            LOG.info("session {} is over, says the server", name());
        }
        ended = true;
        connected = false;
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    static String name(long sessionId) {
        return Long.toHexString(sessionId);
    }

    /** The session's id as the server prints it; {@code 0} before the first connection of a new one. */
    String name() {
        return resumed.map(SavedSession::name).orElseGet(() -> {
            ResumableZooKeeper current = handle;
            return name(current == null ? 0 : current.getSessionId());
        });
    }

    Duration ttl() {
        return ttl;
    }

    boolean isEnded() {
        return ended;
    }

    boolean isPutDown() {
        return putDown;
    }

    boolean isConnected() {
        return connected;
    }

    long connectedSinceNanos() {
        return connectedSinceNanos;
    }

    Duration negotiatedTtl() {
        return Duration.ofMillis(handle.getSessionTimeout());
    }

    SavedSession saved() {
        return new SavedSession(handle.getSessionId(), handle.getSessionPasswd(), ttl);
    }

    Heartbeat heartbeat() {
        return heartbeat;
    }

    void breakConnection() throws IOException {
        handle.breakConnection();
    }

    void awaitConnected(Deadline deadline) throws DcsException, SessionEndedException {
        lock.lock();
        try {
            while (!connected) {
                requireAlive();
                long left = deadline.leftNanos();
                if (left <= 0) {
                    throw notConnected(deadline);
                }
                changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            throw Deadline.interrupted(e);
        } finally {
            lock.unlock();
        }
    }

    /** For a node this connection may not use. */
    DcsRefusedException notAllowed(String path) {
        String remedy = settings.ownsTree()
                ? "set the same " + settings.section() + ".embedded.secret on all agents"
                : "correct " + settings.section() + ".auth_data" + (tls.isPresent() ? " or .cert" : "")
                        + ", or the ACL of that node";
        return new DcsRefusedException("may not use " + path + " in ZooKeeper: " + remedy);
    }

    /** For whoever watches the connection: to be called again and again while there is none. */
    void whileUnconnected() {
        doctor.beat();
    }

    private DcsException notConnected(Deadline deadline) {
        String text = "no connection to ZooKeeper at " + settings.hosts() + " within "
                + deadline.timeout().toMillis() + " ms"
                + doctor.finding().map(finding -> ": " + finding.text()).orElse("");
        return doctor.finding().map(Doctor.Finding::hopeless).orElse(false)
                ? new DcsRefusedException(text)
                : new DcsUnavailableException(text);
    }

    private void requireAlive() throws DcsException, SessionEndedException {
        if (wrongCredentials) {
            throw new DcsRefusedException(
                    "ZooKeeper does not take the credentials in " + settings.section() + ".auth_data: correct them");
        }
        if (ended) {
            throw new SessionEndedException(name());
        }
        if (putDown) {
            throw new DcsUnavailableException("the connection to ZooKeeper was closed");
        }
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

    CuratorFramework curator() {
        return curator;
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

    /**
     * The code of an answer to a read; null at the deadline.
     *
     * @throws DcsUnavailableException if the connection went away
     */
    Code read(CuratorEvent event) throws DcsException, SessionEndedException {
        Code code = checked(event);
        if (code == Code.CONNECTIONLOSS || code == Code.OPERATIONTIMEOUT || code == Code.SESSIONEXPIRED) {
            throw new DcsUnavailableException("the connection to ZooKeeper was lost");
        }
        return code;
    }

    /** The code of an answer to a write, of which a lost connection leaves open whether it happened. */
    Code write(CuratorEvent event, Deadline deadline) throws DcsException, SessionEndedException {
        if (event == null) {
            throw new DcsIndeterminateException(
                    "no answer from ZooKeeper within " + deadline.timeout().toMillis() + " ms");
        }
        Code code = checked(event);
        if (code == Code.CONNECTIONLOSS || code == Code.OPERATIONTIMEOUT || code == Code.SESSIONEXPIRED) {
            throw new DcsIndeterminateException("the connection to ZooKeeper was lost before it answered");
        }
        return code;
    }

    private Code checked(CuratorEvent event) throws DcsException, SessionEndedException {
        if (event == null) {
            throw new DcsUnavailableException("no answer from ZooKeeper in time");
        }
        Code code = Code.get(event.getResultCode());
        switch (code) {
            case SESSIONEXPIRED -> {
                // A handle that was closed on this side gives this code as well; only the server's word counts.
                if (!putDown) {
                    markEnded();
                    throw new SessionEndedException(name());
                }
            }
            case SESSIONMOVED ->
                throw new DcsUnavailableException("the session has moved to another server; nothing was done");
            case AUTHFAILED, SESSIONCLOSEDREQUIRESASLAUTH ->
                throw new DcsRefusedException("ZooKeeper does not take the credentials in " + settings.section()
                        + ".auth_data: correct them");
            case UNIMPLEMENTED -> throw new DcsRefusedException("this ZooKeeper is too old, 3.6 or later is needed");
            default -> {
                // the caller's business
            }
        }
        return code;
    }

    /** Ends the session on the server; true once it is certain that it is over. */
    boolean end(Deadline deadline) throws DcsException {
        CompletableFuture<Code> code = new CompletableFuture<>();
        ResumableZooKeeper current = handle;
        Thread closing = new Thread(
                () -> {
                    try {
                        code.complete(current.end());
                    } catch (InterruptedException e) {
                        code.complete(Code.OPERATIONTIMEOUT);
                    }
                },
                "zookeeper-end");
        closing.setDaemon(true);
        closing.start();
        Code came = deadline.await(code);
        boolean over = came == Code.OK || (came == Code.SESSIONEXPIRED && !putDown);
        closing.interrupt();
        if (over) {
            markEnded();
        }
        putDown();
        return over;
    }

    /**
     * Drops the connection without ending the session. Idempotent. Whoever wants to know that it is gone waits for what is
     * returned; a client that is just looking a name up may take its time.
     */
    CompletableFuture<Void> putDown() {
        lock.lock();
        try {
            putDown = true;
            connected = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        heartbeat.stop();
        CompletableFuture<Void> gone = new CompletableFuture<>();
        Thread closing = new Thread(
                () -> {
                    try {
                        if (handle != null) {
                            handle.putDown();
                        }
                        curator.close();
                    } finally {
                        gone.complete(null);
                    }
                },
                "zookeeper-put-down");
        closing.setDaemon(true);
        closing.start();
        disturbed.accept(this);
        return gone;
    }
}
