package org.pgregent.core.sim;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.WriteResult;
import org.pgregent.dcs.testkit.MemoryStore;

/**
 * The server side: the contract-tested {@link MemoryStore}, plus what a real one goes through: elections, in which nothing
 * is written and nothing expires and after which every lease has its full time again, and outages.
 */
final class SimStore {

    /**
     * What a landed write looked like, for the invariants.
     *
     * @param holder who held the leader key when it landed
     * @param holderWhenSent and who when it was sent
     * @param guarded it was tied to the state its writer had seen
     */
    record Landed(
            String writer,
            String key,
            Optional<String> before,
            Optional<String> value,
            Optional<String> holder,
            Optional<String> holderWhenSent,
            boolean guarded) {}

    /** Who writes, and who held the leader key at that moment. */
    record Sender(String name, Optional<String> holderWhenSent) {}

    Sender sender(String name) {
        return new Sender(name, holder().map(Holder::node));
    }

    /** The last leader key seen held, and by which lease. */
    record Holder(String node, String leaseId) {}

    private final Scheduler scheduler;
    private final MemoryStore memory;
    private final String base;
    private final TreeMap<String, String> leaseOwner = new TreeMap<>();
    private final TreeMap<String, String> lastLease = new TreeMap<>();
    private final TreeSet<String> audited;
    private final TreeMap<String, Integer> listensFrom = new TreeMap<>();
    private java.util.function.Consumer<Landed> audit = landed -> {};
    private long stalledNanos;
    private long electionUntil;
    private long electionBegan;
    private long outageUntil;
    private boolean refusing;
    /** A mistake that a mutant makes. */
    boolean resumesOnlyTheSameTtl;

    private long expiryAt = Long.MAX_VALUE;
    /** Asked after every event, so kept until the store changes; null when it may have. */
    private Optional<Holder> holder;

    SimStore(Scheduler scheduler, String base, Duration slack) {
        this.scheduler = scheduler;
        this.base = base;
        this.memory = new MemoryStore(this::storeNanos, slack);
        this.audited = new TreeSet<>(Set.of(
                base + "/leader",
                base + "/status",
                base + "/history",
                base + "/config",
                base + "/initialize",
                base + "/failover"));
    }

    void audit(java.util.function.Consumer<Landed> listener) {
        audit = listener;
    }

    private long storeNanos() {
        long until = electionBegan > 0 ? electionBegan : scheduler.now();
        return until - stalledNanos;
    }

    /** A request arrives: answered at once, or after the election under way, or never. */
    void arrive(Runnable request) {
        if (isElecting()) {
            scheduler.at(electionUntil + 1, () -> arrive(request));
        } else if (!isOut()) {
            holder = null;
            request.run();
            holder = null;
            planExpiry();
        }
    }

    boolean isOut() {
        return outageUntil > scheduler.now();
    }

    /** Whether connections are refused at once, rather than left unanswered. */
    boolean refuses() {
        return isOut() && refusing;
    }

    boolean isElecting() {
        return electionBegan > 0;
    }

    void beginOutage(long until, boolean refusingConnections) {
        outageUntil = until;
        refusing = refusingConnections;
    }

    void beginElection(long until) {
        if (isElecting()) {
            return;
        }
        electionBegan = scheduler.now();
        electionUntil = until;
        scheduler.at(until, this::endElection);
    }

    private void endElection() {
        if (isElecting()) {
            stalledNanos += scheduler.now() - electionBegan;
            electionBegan = 0;
            holder = null;
            memory.extendAllLeases();
            planExpiry();
        }
    }

    /** Everything is gone, leases too. */
    void wipe() {
        holder = null;
        memory.wipe();
        holder = null;
        planExpiry();
    }

    void heal() {
        outageUntil = 0;
        electionUntil = scheduler.now();
        endElection();
    }

    private void planExpiry() {
        long next = memory.nextExpiryNanos().map(n -> n + stalledNanos).orElse(Long.MAX_VALUE);
        if (next < expiryAt || expiryAt <= scheduler.now()) {
            expiryAt = next;
            if (next != Long.MAX_VALUE) {
                scheduler.at(next, this::expire);
            }
        }
    }

    private void expire() {
        if (!isElecting()) {
            memory.expire();
            holder = null;
            expiryAt = Long.MAX_VALUE;
            planExpiry();
        }
    }

    DcsSnapshot readAll(String prefix) {
        return memory.readAll(prefix);
    }

    WriteResult put(Sender writer, String key, byte[] value, Expect expect, Optional<Lease> lease) {
        return audited(writer, key, Optional.of(value), expect, () -> memory.put(key, value, expect, lease));
    }

    WriteResult delete(Sender writer, String key, Expect expect) {
        return audited(writer, key, Optional.empty(), expect, () -> memory.delete(key, expect));
    }

    private WriteResult audited(
            Sender writer, String key, Optional<byte[]> value, Expect expect, Supplier<WriteResult> write) {
        if (!audited.contains(key)) {
            return write.get();
        }
        Optional<String> before = text(key);
        Optional<String> holderBefore = holder().map(Holder::node);
        WriteResult result = write.get();
        if (result.written()) {
            audit.accept(new Landed(
                    writer.name(),
                    key.substring(base.length() + 1),
                    before,
                    value.map(v -> new String(v, java.nio.charset.StandardCharsets.UTF_8)),
                    holderBefore,
                    writer.holderWhenSent(),
                    !(expect instanceof Expect.Anything)));
        }
        return result;
    }

    /** Whose lease the leader key hangs on at this moment; whatever the key's text says. */
    Optional<Holder> holder() {
        if (holder == null) {
            holder = memory.readAll(base)
                    .get(base + "/leader")
                    .map(entry -> new Holder(
                            entry.leaseId().map(leaseOwner::get).orElse("nobody"),
                            entry.leaseId().orElse("")));
        }
        return holder;
    }

    /** All that is in it, for a person who looks for the cause of a failure. */
    void dump(java.util.function.Consumer<String> lines) {
        memory.readAll(base)
                .entries()
                .forEach((key, entry) -> lines.accept("has " + key + "=" + entry.text()
                        + entry.leaseId().map(id -> " on " + id).orElse("")));
    }

    Optional<String> text(String key) {
        return memory.readAll(base).get(key).map(DcsSnapshot.Entry::text);
    }

    /**
     * A new connection may take up the lease of the machine's former one, as a ZooKeeper session is taken up; from then on
     * the store listens to the new connection only.
     */
    Lease grant(String owner, int connection, Duration ttl, boolean takesUpOld) {
        Optional<Lease> old =
                takesUpOld ? Optional.ofNullable(lastLease.get(owner)).flatMap(memory::alive) : Optional.empty();
        boolean first = connection > listensFrom.getOrDefault(owner, 0);
        if (old.isPresent()
                && resumesOnlyTheSameTtl
                && first
                && !old.get().ttl().equals(ttl)) {
            memory.revoke(old.get());
        } else if (old.isPresent() && (first || old.get().ttl().equals(ttl)) && memory.renew(old.get())) {
            listensFrom.put(owner, connection);
            return old.get();
        }
        Lease lease = memory.grant(ttl);
        leaseOwner.put(lease.id(), owner);
        lastLease.put(owner, lease.id());
        return lease;
    }

    boolean listensTo(String owner, int connection) {
        return connection >= listensFrom.getOrDefault(owner, 0);
    }

    boolean renew(Lease lease) {
        return memory.renew(lease);
    }

    void revoke(Lease lease) {
        memory.revoke(lease);
    }

    Runnable watch(Set<String> keys, Runnable hint) {
        return memory.watch(keys, hint);
    }

    /** A person with a client: writes whatever they like. */
    void operatorWrites(String key, String value) {
        holder = null;
        memory.put(key, value.getBytes(java.nio.charset.StandardCharsets.UTF_8), Expect.anything(), Optional.empty());
    }
}
