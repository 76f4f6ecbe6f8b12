package org.pgregent.dcs.testkit;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.spi.WriteResult;

/** A {@link Dcs} over a {@link MemoryStore}, for tests; answers at once. */
public final class MemoryDcs implements Dcs {

    private final MemoryStore store;
    private final Set<Runnable> unwatch = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    public MemoryDcs(MemoryStore store) {
        this.store = store;
    }

    @Override
    public DcsSnapshot readAll(String prefix, Duration timeout) throws DcsException {
        requireOpen();
        return store.readAll(prefix);
    }

    @Override
    public WriteResult put(String key, byte[] value, Expect expect, Optional<Lease> lease, Duration timeout)
            throws DcsException {
        requireOpen();
        if (value.length > MemoryStore.VALUE_BYTES_MAX) {
            throw new DcsRefusedException("the value of " + key + " has " + value.length + " bytes, this store takes "
                    + MemoryStore.VALUE_BYTES_MAX + " at most");
        }
        return store.put(key, value, expect, lease);
    }

    @Override
    public WriteResult delete(String key, Expect expect, Duration timeout) throws DcsException {
        requireOpen();
        return store.delete(key, expect);
    }

    @Override
    public Lease grant(Duration ttl, Duration timeout) throws DcsException {
        requireOpen();
        if (ttl.compareTo(store.slack()) <= 0) {
            throw new DcsRefusedException(
                    "a lease of " + ttl + " may end at once: the slack of this store is " + store.slack());
        }
        return store.grant(ttl);
    }

    @Override
    public boolean renew(Lease lease, Duration timeout) throws DcsException {
        requireOpen();
        return store.renew(lease);
    }

    @Override
    public void revoke(Lease lease, Duration timeout) throws DcsException {
        requireOpen();
        store.revoke(lease);
    }

    @Override
    public Watch watch(Set<String> keys, Runnable hint) {
        Runnable stop = store.watch(keys, hint);
        unwatch.add(stop);
        return () -> {
            stop.run();
            unwatch.remove(stop);
        };
    }

    @Override
    public void close() {
        closed = true;
        unwatch.forEach(Runnable::run);
        unwatch.clear();
    }

    private void requireOpen() throws DcsException {
        if (closed) {
            throw new DcsUnavailableException("this connection was closed");
        }
    }
}
