package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.spi.WriteResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ZooKeeper as a store: a key is a node, a lease is the session, a key that hangs on the lease is an ephemeral node.
 *
 * <p>The session is kept alive by this connection's own light reads, but only while the holder renews: after a ttl without a
 * call of {@link #renew} the connection is dropped and the server lets the session run out, so that a holder that hangs does not
 * keep its keys by the mere life of its process.
 */
final class ZooKeeperDcs implements Dcs {

    private static final Logger LOG = LoggerFactory.getLogger(ZooKeeperDcs.class);

    /** ZooKeeper's limit for a whole request is 1 MiB less one byte, and beyond it the server just hangs up. */
    static final int VALUE_BYTES_MAX = 1_000_000;

    private interface Work<T> {
        T in(Session session) throws DcsException, SessionEndedException;
    }

    private final ZooKeeperSettings settings;
    private final Path stateDir;
    private final Watches watches = new Watches();
    private final Sessions sessions;
    private final ReentrantLock granting = new ReentrantLock();
    private final Runnable afterClose;

    /** @param afterClose ends what was started for this connection */
    ZooKeeperDcs(ZooKeeperSettings settings, Path stateDir, Duration ttl, Runnable afterClose) {
        this.settings = settings;
        this.stateDir = stateDir;
        this.sessions = new Sessions(settings, stateDir, ttl, watches);
        this.afterClose = afterClose;
    }

    @Override
    public DcsSnapshot readAll(String prefix, Duration timeout) throws DcsException {
        Deadline deadline = Deadline.in(timeout);
        return inAnySession(deadline, session -> new TreeReader(session, deadline).read(prefix));
    }

    @Override
    public WriteResult put(String key, byte[] value, Expect expect, Optional<Lease> lease, Duration timeout)
            throws DcsException {
        Deadline deadline = Deadline.in(timeout);
        if (value.length > VALUE_BYTES_MAX) {
            throw new DcsRefusedException("the value of " + key + " has " + value.length + " bytes, ZooKeeper takes "
                    + VALUE_BYTES_MAX + " at most");
        }
        if (lease.isEmpty()) {
            return inAnySession(deadline, session -> new KeyWriter(session, key, deadline)
                    .put(value, expect, CreateMode.PERSISTENT));
        }
        Optional<Session> session = sessions.of(lease.get());
        if (session.isEmpty()) {
            return new WriteResult.LeaseGone();
        }
        try {
            return new KeyWriter(session.get(), key, deadline).put(value, expect, CreateMode.EPHEMERAL);
        } catch (SessionEndedException ended) {
            LOG.debug("nothing was written to {}", key, ended);
            return new WriteResult.LeaseGone();
        }
    }

    @Override
    public WriteResult delete(String key, Expect expect, Duration timeout) throws DcsException {
        Deadline deadline = Deadline.in(timeout);
        return inAnySession(deadline, session -> new KeyWriter(session, key, deadline).delete(expect));
    }

    /**
     * The first time what the former process left, with the ttl it has; later the session of this process if it has the ttl asked
     * for, else a new one, and the one before it is ended with its keys.
     */
    @Override
    public Lease grant(Duration ttl, Duration timeout) throws DcsException {
        Deadline deadline = Deadline.in(timeout);
        if (ttl.compareTo(settings.slack().multipliedBy(2)) < 0) {
            throw new DcsRefusedException(
                    "a ttl of " + ttl.toMillis() + " ms is too short for ZooKeeper with a tick of "
                            + settings.tick().toMillis() + " ms, which may end it "
                            + settings.slack().toMillis()
                            + " ms early; raise ttl, or lower tickTime of the servers and tick_time here");
        }
        try {
            if (!granting.tryLock(Math.max(0, deadline.leftNanos()), TimeUnit.NANOSECONDS)) {
                throw new DcsUnavailableException("another grant is under way");
            }
        } catch (InterruptedException e) {
            throw Deadline.interrupted(e);
        }
        try {
            return granted(ttl, deadline);
        } finally {
            granting.unlock();
        }
    }

    private Lease granted(Duration ttl, Deadline deadline) throws DcsException {
        long before = System.nanoTime();
        while (true) {
            Session session = sessions.toLease();
            try {
                boolean formers = sessions.isFormers(session);
                if (!formers && !session.ttl().equals(ttl)) {
                    session.awaitConnected(deadline);
                    if (!session.end(deadline)) {
                        throw new DcsIndeterminateException("the session with the former ttl may not be over yet");
                    }
                    session = sessions.renewed(ttl);
                }
                session.awaitConnected(deadline);
                Duration given = session.negotiatedTtl();
                if (!formers && given.compareTo(ttl) < 0) {
                    throw new DcsRefusedException(
                            "ZooKeeper grants a session of " + given.toMillis() + " ms only, asked were "
                                    + ttl.toMillis()
                                    + " ms; raise maxSessionTimeout of the servers (20 ticks by default, see tickTime)"
                                    + " or lower ttl");
                }
                session.heartbeat().wanted();
                // A session connected since this call is as fresh as the call: the leader itself has created or
                // confirmed it.
                if (session.connectedSinceNanos() - before < 0) {
                    confirm(session, deadline);
                }
                session.saved().write(stateDir);
                sessions.givenOut();
                return new Lease(session.name(), given, settings.slack());
            } catch (SessionEndedException ended) {
                LOG.info("{}; opening another", ended.getMessage());
            } catch (IOException e) {
                throw new DcsRefusedException("cannot keep the session in " + stateDir + "; make it writable", e);
            }
        }
    }

    @Override
    public boolean renew(Lease lease, Duration timeout) throws DcsException {
        Deadline deadline = Deadline.in(timeout);
        try {
            Optional<Session> session = sessions.of(lease);
            if (session.isEmpty()) {
                return false;
            }
            session.get().heartbeat().wanted();
            session.get().awaitConnected(deadline);
            confirm(session.get(), deadline);
            return true;
        } catch (SessionEndedException ended) {
            LOG.debug("not renewed", ended);
            return false;
        }
    }

    /** Returns once the servers have agreed on a write of this session, sent at a moment when that is a proof of its life. */
    private static void confirm(Session session, Deadline deadline) throws DcsException, SessionEndedException {
        if (!session.heartbeat().awaitProvable(deadline)) {
            session.awaitConnected(deadline);
            throw new DcsUnavailableException("the session was not touched steadily enough to be renewed within "
                    + deadline.timeout().toMillis() + " ms");
        }
        Code code = session.write(deadline.await(session.barrier()), deadline);
        // Not allowed to see the root: the servers agreed on that answer as they do on any other.
        if (code != Code.OK && code != Code.NOAUTH) {
            throw new DcsIndeterminateException("ZooKeeper answers " + code + " on renewing");
        }
    }

    @Override
    public void revoke(Lease lease, Duration timeout) throws DcsException {
        Deadline deadline = Deadline.in(timeout);
        Optional<Session> session = sessions.of(lease);
        if (session.isEmpty()) {
            return;
        }
        try {
            session.get().awaitConnected(deadline);
            if (!session.get().end(deadline)) {
                throw new DcsIndeterminateException("no answer from ZooKeeper on ending session " + lease.id());
            }
        } catch (SessionEndedException ended) {
            LOG.debug("nothing to revoke", ended);
        }
    }

    @Override
    public Watch watch(Set<String> keys, Runnable hint) {
        Watch watch = watches.register(keys, hint);
        try {
            Session session = sessions.current();
            // Otherwise the connection sets it when it comes.
            if (session.isConnected()) {
                watches.set(session, keys);
            }
        } catch (DcsUnavailableException closed) {
            LOG.debug("nothing is watched any more", closed);
        }
        return watch;
    }

    @Override
    public void close() {
        watches.clear();
        sessions.close();
        afterClose.run();
    }

    /** What does not need the lease goes on in the next session if one ends meanwhile: it was not done then. */
    private <T> T inAnySession(Deadline deadline, Work<T> work) throws DcsException {
        while (true) {
            try {
                return work.in(sessions.current());
            } catch (SessionEndedException ended) {
                LOG.debug("going on in another session", ended);
                if (deadline.isOver()) {
                    throw new DcsUnavailableException("the session ended and no other could be opened in time", ended);
                }
            }
        }
    }
}
