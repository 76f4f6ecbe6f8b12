package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.CuratorEvent;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One session of ZooKeeper: whether it lives, is connected, and what an answer in it means. Here a session is a lease, so this
 * object is bound to a single one for good: it ends when the server says so ({@link #isEnded}), when it is ended on purpose, or
 * it is put down to run out or to be taken up again.
 */
final class Session {

    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    private final ZooKeeperSettings settings;
    private final Duration ttl;
    private final Consumer<Session> disturbed;
    private final boolean encrypted;
    private final Carrier carrier;
    private final TreeGuard tree;
    private final Doctor doctor;
    private final Heartbeat heartbeat;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
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
        this.encrypted = tls.isPresent();
        this.doctor = new Doctor(new Examination(settings, tls));
        this.ttl = ttl;
        this.disturbed = disturbed;
        this.heartbeat = new Heartbeat(this, settings);
        this.carrier = new Carrier(settings, tls, ttl, resumed, this::onEvent);
        this.tree = new TreeGuard(carrier, settings.acls());
        carrier.start();
        heartbeat.start();
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
                doctor.connected();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (connected && settings.ownsTree()) {
            tree.close();
        }
        disturbed.accept(this);
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
        return name(carrier.sessionId());
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
        return carrier.negotiatedTtl();
    }

    SavedSession saved() {
        return new SavedSession(carrier.sessionId(), carrier.sessionPassword(), ttl);
    }

    Heartbeat heartbeat() {
        return heartbeat;
    }

    void breakConnection() throws IOException {
        carrier.breakConnection();
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
                : "correct " + settings.section() + ".auth_data" + (encrypted ? " or .cert" : "")
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

    /** See {@link Carrier#send}. */
    CompletableFuture<CuratorEvent> send(Carrier.Call call) {
        return carrier.send(call);
    }

    CompletableFuture<CuratorEvent> multi(List<CuratorOp> operations) {
        return carrier.multi(operations);
    }

    /** See {@link Carrier#barrier}. */
    CompletableFuture<CuratorEvent> barrier() {
        return carrier.barrier();
    }

    CuratorFramework curator() {
        return carrier.curator();
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
        CompletableFuture<Code> answer = carrier.end();
        boolean over;
        try {
            Code came = deadline.await(answer);
            over = came == Code.OK || (came == Code.SESSIONEXPIRED && !putDown);
        } finally {
            answer.cancel(true);
        }
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
        CompletableFuture<Void> gone = carrier.putDown();
        disturbed.accept(this);
        return gone;
    }
}
