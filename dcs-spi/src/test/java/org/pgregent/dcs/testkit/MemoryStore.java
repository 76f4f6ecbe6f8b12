package org.pgregent.dcs.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Version;
import org.pgregent.dcs.spi.WriteResult;

/**
 * The server side of {@link MemoryDcs}: keys, versions and leases on one clock that the owner drives. Deterministic: it has
 * no thread, no chance and no order but insertion and key order. A lease ends when the clock is looked at, so a call of
 * {@link #expire} (or any other call) at or after its end drops its keys.
 */
public final class MemoryStore {

    /** As etcd does: larger values are refused whole. */
    public static final int VALUE_BYTES_MAX = 1_500_000;

    private record Key(byte[] value, Version version, Optional<String> leaseId) {}

    private static final class Held {
        final Lease lease;
        long endNanos;

        Held(Lease lease, long endNanos) {
            this.lease = lease;
            this.endNanos = endNanos;
        }
    }

    private record Watcher(Set<String> keys, Runnable hint) {}

    private final LongSupplier clockNanos;
    private final Duration slack;
    private final TreeMap<String, Key> keys = new TreeMap<>();
    private final TreeMap<String, Held> leases = new TreeMap<>();
    private final List<Watcher> watchers = new ArrayList<>();
    private long revision;
    private long leaseCount;

    public MemoryStore(LongSupplier clockNanos) {
        this(clockNanos, Duration.ZERO);
    }

    /** @param slack by how much leases end early, to try that the holder counts with it */
    public MemoryStore(LongSupplier clockNanos, Duration slack) {
        this.clockNanos = clockNanos;
        this.slack = slack;
    }

    public Duration slack() {
        return slack;
    }

    public synchronized DcsSnapshot readAll(String prefix) {
        expire();
        String below = prefix + "/";
        TreeMap<String, DcsSnapshot.Entry> found = new TreeMap<>();
        keys.tailMap(below, true).forEach((key, value) -> {
            if (key.startsWith(below)) {
                found.put(key, new DcsSnapshot.Entry(value.value, value.version, value.leaseId));
            }
        });
        return new DcsSnapshot(found);
    }

    public synchronized WriteResult put(String key, byte[] value, Expect expect, Optional<Lease> lease) {
        expire();
        if (lease.isPresent() && !leases.containsKey(lease.get().id())) {
            return new WriteResult.LeaseGone();
        }
        Optional<WriteResult> refusal = unlessExpected(key, expect);
        if (refusal.isPresent()) {
            return refusal.get();
        }
        Version version = new Version(Long.toString(++revision));
        keys.put(key, new Key(value.clone(), version, lease.map(Lease::id)));
        hint(Set.of(key));
        return new WriteResult.Written(version);
    }

    public synchronized WriteResult delete(String key, Expect expect) {
        expire();
        Optional<WriteResult> refusal = unlessExpected(key, expect);
        if (refusal.isPresent()) {
            return refusal.get();
        }
        Key gone = keys.remove(key);
        revision++;
        if (gone == null) {
            return new WriteResult.Written(new Version(Long.toString(revision)));
        }
        hint(Set.of(key));
        return new WriteResult.Written(gone.version);
    }

    public synchronized Lease grant(Duration ttl) {
        expire();
        Lease lease = new Lease("lease-" + ++leaseCount, ttl, slack);
        leases.put(lease.id(), new Held(lease, endFromNow(lease)));
        return lease;
    }

    /** True if the lease with this id has not ended: for a test that lets a restarted node take its old one up again. */
    public synchronized Optional<Lease> alive(String leaseId) {
        expire();
        return Optional.ofNullable(leases.get(leaseId)).map(held -> held.lease);
    }

    public synchronized boolean renew(Lease lease) {
        expire();
        Held held = leases.get(lease.id());
        if (held == null) {
            return false;
        }
        held.endNanos = endFromNow(held.lease);
        return true;
    }

    public synchronized void revoke(Lease lease) {
        expire();
        if (leases.remove(lease.id()) != null) {
            dropKeysOf(lease.id());
        }
    }

    public synchronized Runnable watch(Set<String> watched, Runnable hint) {
        Watcher watcher = new Watcher(Set.copyOf(watched), hint);
        watchers.add(watcher);
        return () -> {
            synchronized (this) {
                watchers.remove(watcher);
            }
        };
    }

    /** Ends the leases whose time is over. */
    public synchronized void expire() {
        long now = clockNanos.getAsLong();
        List<String> over = new ArrayList<>();
        leases.forEach((id, held) -> {
            if (held.endNanos - now <= 0) {
                over.add(id);
            }
        });
        over.forEach(id -> {
            leases.remove(id);
            dropKeysOf(id);
        });
    }

    /** When the next lease ends if nobody renews it. */
    public synchronized Optional<Long> nextExpiryNanos() {
        return leases.values().stream().map(held -> held.endNanos).min(Long::compare);
    }

    /** What a new leader of a real store does: every lease gets its full time again. */
    public synchronized void extendAllLeases() {
        expire();
        leases.values().forEach(held -> held.endNanos = Math.max(held.endNanos, endFromNow(held.lease)));
    }

    /** All is lost, as after a wiped data folder: keys and leases, but not the count of versions. */
    public synchronized void wipe() {
        Set<String> all = new LinkedHashSet<>(keys.keySet());
        keys.clear();
        leases.clear();
        hint(all);
    }

    private long endFromNow(Lease lease) {
        return clockNanos.getAsLong() + lease.safeTtl().toNanos();
    }

    private Optional<WriteResult> unlessExpected(String name, Expect expect) {
        Key key = keys.get(name);
        boolean fits;
        if (expect instanceof Expect.Absent) {
            fits = key == null;
        } else if (expect instanceof Expect.At at) {
            fits = key != null && key.version.equals(at.version());
        } else if (expect instanceof Expect.HeldBy by) {
            fits = key != null && key.leaseId.equals(Optional.of(by.lease().id()));
        } else {
            fits = true;
        }
        return fits
                ? Optional.empty()
                : Optional.of(new WriteResult.Conflict(Optional.ofNullable(key).map(Key::version)));
    }

    private void dropKeysOf(String leaseId) {
        Set<String> dropped = new LinkedHashSet<>();
        keys.forEach((name, key) -> {
            if (key.leaseId.equals(Optional.of(leaseId))) {
                dropped.add(name);
            }
        });
        dropped.forEach(keys::remove);
        if (!dropped.isEmpty()) {
            revision++;
            hint(dropped);
        }
    }

    private void hint(Set<String> changed) {
        for (Watcher watcher : List.copyOf(watchers)) {
            if (changed.stream().anyMatch(watcher.keys::contains)) {
                watcher.hint.run();
            }
        }
    }
}
