package org.pgregent.dcs.testkit;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.spi.WriteResult;

/**
 * A connection whose network fails on order. Blocks real threads on the real clock, so it is for tests with real threads; the
 * simulator has a network of its own.
 */
public final class FaultyDcs implements Dcs {

    /** The network between the connections and the store; one for all connections. */
    public static final class Network {

        private enum State {
            HEALTHY,
            /** Refuses at once. */
            DOWN,
            /** Neither answers nor refuses. Every second write gets through all the same. */
            FROZEN
        }

        private final ReentrantLock lock = new ReentrantLock();
        private final Condition changed = lock.newCondition();
        private State state = State.HEALTHY;
        private boolean cutOff;
        private int writesFrozen;
        private final Map<Object, Runnable> hints = new ConcurrentHashMap<>();

        public void outage() {
            become(State.DOWN);
        }

        public void freeze() {
            become(State.FROZEN);
        }

        /** Ends {@link #outage} and {@link #freeze}. */
        public void heal() {
            become(State.HEALTHY);
            hints.values().forEach(Runnable::run);
        }

        /** Reads and writes of the connections made with {@code cutOffable} fail, though their server answers. */
        public void cutOff(boolean yes) {
            lock.lock();
            try {
                cutOff = yes;
            } finally {
                lock.unlock();
            }
        }

        private void become(State next) {
            lock.lock();
            try {
                state = next;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private interface Call<T> {
        T run() throws DcsException;
    }

    private final Dcs inner;
    private final Network network;
    private final boolean cutOffable;

    public FaultyDcs(Dcs inner, Network network, boolean cutOffable) {
        this.inner = inner;
        this.network = network;
        this.cutOffable = cutOffable;
    }

    @Override
    public DcsSnapshot readAll(String prefix, Duration timeout) throws DcsException {
        return through(false, timeout, () -> inner.readAll(prefix, timeout));
    }

    @Override
    public WriteResult put(String key, byte[] value, Expect expect, Optional<Lease> lease, Duration timeout)
            throws DcsException {
        return through(true, timeout, () -> inner.put(key, value, expect, lease, timeout));
    }

    @Override
    public WriteResult delete(String key, Expect expect, Duration timeout) throws DcsException {
        return through(true, timeout, () -> inner.delete(key, expect, timeout));
    }

    @Override
    public Lease grant(Duration ttl, Duration timeout) throws DcsException {
        return through(true, timeout, () -> inner.grant(ttl, timeout));
    }

    @Override
    public boolean renew(Lease lease, Duration timeout) throws DcsException {
        return through(true, timeout, () -> inner.renew(lease, timeout));
    }

    @Override
    public void revoke(Lease lease, Duration timeout) throws DcsException {
        through(true, timeout, () -> {
            inner.revoke(lease, timeout);
            return true;
        });
    }

    @Override
    public Watch watch(Set<String> keys, Runnable hint) {
        Object name = new Object();
        network.hints.put(name, hint);
        Watch watch = inner.watch(keys, hint);
        return () -> {
            network.hints.remove(name);
            watch.close();
        };
    }

    @Override
    public void close() {
        inner.close();
    }

    private <T> T through(boolean write, Duration timeout, Call<T> call) throws DcsException {
        network.lock.lock();
        try {
            boolean late = network.state == Network.State.FROZEN && write && network.writesFrozen++ % 2 == 0;
            long left = timeout.toNanos();
            while (network.state == Network.State.FROZEN && left > 0) {
                left = network.changed.awaitNanos(left);
            }
            if (network.state == Network.State.FROZEN) {
                return unanswered(write, late, timeout, call);
            }
            if (network.state == Network.State.DOWN) {
                throw new DcsUnavailableException("connection refused");
            }
            if (network.cutOff && cutOffable) {
                throw write
                        ? new DcsIndeterminateException("the server has no quorum")
                        : new DcsUnavailableException("the server has no quorum");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DcsIndeterminateException("interrupted", e);
        } finally {
            network.lock.unlock();
        }
        return call.run();
    }

    private static <T> T unanswered(boolean write, boolean late, Duration timeout, Call<T> call) throws DcsException {
        String message = "no answer within " + timeout.toMillis() + " " + TimeUnit.MILLISECONDS;
        if (!write) {
            throw new DcsUnavailableException(message);
        }
        if (late) {
            call.run();
        }
        throw new DcsIndeterminateException(message);
    }
}
