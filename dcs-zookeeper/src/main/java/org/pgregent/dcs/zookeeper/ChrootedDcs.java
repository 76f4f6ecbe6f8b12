package org.pgregent.dcs.zookeeper;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.spi.WriteResult;

/**
 * All keys below one node of servers that are shared with others. ZooKeeper's client could do so itself, but would not make that
 * node, and nothing can be written before somebody has.
 */
final class ChrootedDcs implements Dcs {

    private final Dcs dcs;
    private final String root;

    ChrootedDcs(Dcs dcs, String root) {
        this.dcs = dcs;
        this.root = root;
    }

    @Override
    public DcsSnapshot readAll(String prefix, Duration timeout) throws DcsException {
        TreeMap<String, DcsSnapshot.Entry> entries = new TreeMap<>();
        dcs.readAll(root + prefix, timeout)
                .entries()
                .forEach((key, entry) -> entries.put(key.substring(root.length()), entry));
        return new DcsSnapshot(entries);
    }

    @Override
    public WriteResult put(String key, byte[] value, Expect expect, Optional<Lease> lease, Duration timeout)
            throws DcsException {
        return dcs.put(root + key, value, expect, lease, timeout);
    }

    @Override
    public WriteResult delete(String key, Expect expect, Duration timeout) throws DcsException {
        return dcs.delete(root + key, expect, timeout);
    }

    @Override
    public Lease grant(Duration ttl, Duration timeout) throws DcsException {
        return dcs.grant(ttl, timeout);
    }

    @Override
    public boolean renew(Lease lease, Duration timeout) throws DcsException {
        return dcs.renew(lease, timeout);
    }

    @Override
    public void revoke(Lease lease, Duration timeout) throws DcsException {
        dcs.revoke(lease, timeout);
    }

    @Override
    public Watch watch(Set<String> keys, Runnable hint) {
        return dcs.watch(keys.stream().map(key -> root + key).collect(Collectors.toUnmodifiableSet()), hint);
    }

    @Override
    public void close() {
        dcs.close();
    }
}
