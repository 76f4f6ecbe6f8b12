package org.pgregent.core.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
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
import org.pgregent.dcs.testkit.MemoryStore;

/**
 * A process's connection to the store: the way there and the way back fail apart, so a write may be applied without its
 * writer learning of it, or long after the writer gave up, in another order than it was sent.
 */
final class SimDcs extends SimPort implements Dcs {

    private final SimStore store;
    private final SimNetwork network;
    private final List<Runnable> watches = new ArrayList<>();
    private final List<Runnable> hints = new ArrayList<>();
    private final int connection;
    private boolean fresh = true;
    private boolean closed;

    SimDcs(SimNode node, SimProcess process) {
        super(node, process);
        this.store = cluster.store();
        this.network = cluster.network();
        this.connection = node.lives();
    }

    private static final class Reply<T> {
        private T value;
        private boolean done;
        private boolean abandoned;
    }

    @Override
    public DcsSnapshot readAll(String prefix, Duration timeout) throws DcsException {
        return call("read " + prefix, false, timeout, () -> store.readAll(prefix));
    }

    @Override
    public WriteResult put(String key, byte[] value, Expect expect, Optional<Lease> lease, Duration timeout)
            throws DcsException {
        if (value.length > MemoryStore.VALUE_BYTES_MAX) {
            throw new DcsRefusedException("too large: " + key);
        }
        if (key.endsWith("/leader")) {
            requireAlive();
        }
        SimStore.Sender sender = store.sender(node.name());
        return call("put " + key, true, timeout, () -> store.put(sender, key, value, expect, lease));
    }

    @Override
    public WriteResult delete(String key, Expect expect, Duration timeout) throws DcsException {
        SimStore.Sender sender = store.sender(node.name());
        return call("delete " + key, true, timeout, () -> store.delete(sender, key, expect));
    }

    @Override
    public Lease grant(Duration ttl, Duration timeout) throws DcsException {
        return call("grant", true, timeout, () -> {
            boolean first = fresh && cluster.setup().resumesLeases();
            fresh = false;
            return store.grant(node.name(), connection, ttl, first);
        });
    }

    @Override
    public boolean renew(Lease lease, Duration timeout) throws DcsException {
        return call("renew", true, timeout, () -> store.renew(lease));
    }

    @Override
    public void revoke(Lease lease, Duration timeout) throws DcsException {
        call("revoke", true, timeout, () -> {
            store.revoke(lease);
            return Boolean.TRUE;
        });
    }

    private <T> T call(String what, boolean write, Duration timeout, Supplier<T> operation) throws DcsException {
        SimThread thread = enter(what, 200_000);
        if (closed) {
            throw new DcsUnavailableException("this connection was closed");
        }
        if (thread.isCancelled()) {
            throw new DcsIndeterminateException(what + " was interrupted");
        }
        long deadline = scheduler.now() + Math.max(0, timeout.toNanos());
        if (store.refuses() && network.openBothWays(node.index(), network.store())) {
            thread.sleep(Math.min(network.latency(), Math.max(0, timeout.toNanos())));
            throw new DcsUnavailableException("connection refused");
        }
        Reply<T> reply = new Reply<>();
        if (network.open(node.index(), network.store())) {
            long late = write ? cluster.faults().lateness() : 0;
            scheduler.after(network.latency() + late, () -> store.arrive(() -> answer(thread, reply, operation)));
        }
        while (!reply.done && scheduler.now() < deadline && !thread.isCancelled()) {
            thread.awaitUntil(deadline);
        }
        boolean answered = reply.done;
        reply.abandoned = true;
        leave(thread, what);
        if (answered) {
            return reply.value;
        }
        if (write) {
            throw new DcsIndeterminateException(what + ": no answer within " + timeout.toMillis() + " ms");
        }
        throw new DcsUnavailableException(what + ": no answer within " + timeout.toMillis() + " ms");
    }

    private <T> void answer(SimThread thread, Reply<T> reply, Supplier<T> operation) {
        if (!store.listensTo(node.name(), connection)) {
            return;
        }
        T value = operation.get();
        if (network.open(network.store(), node.index())) {
            scheduler.after(network.latency(), () -> {
                if (!reply.abandoned) {
                    reply.value = value;
                    reply.done = true;
                    thread.wake();
                }
            });
        }
    }

    @Override
    public Watch watch(Set<String> keys, Runnable hint) {
        requireAlive();
        Runnable stop = store.watch(keys, () -> deliver(hint));
        watches.add(stop);
        hints.add(hint);
        return () -> {
            stop.run();
            watches.remove(stop);
            hints.remove(hint);
        };
    }

    private void deliver(Runnable hint) {
        if (!network.open(network.store(), node.index()) || chance.nextInt(20) == 0) {
            return;
        }
        process.deliver(network.latency(), hint);
        if (chance.nextInt(20) == 0) {
            process.deliver(chance.nextLong(2_000_000_000L), hint);
        }
    }

    /** After a disturbance of the connection every watch gives a hint. */
    void reconnected() {
        for (Runnable hint : List.copyOf(hints)) {
            process.deliver(network.latency(), hint);
        }
    }

    /** The process has ended: nobody listens any more. */
    void drop() {
        closed = true;
        List.copyOf(watches).forEach(Runnable::run);
        watches.clear();
        hints.clear();
    }

    @Override
    public void close() {
        drop();
    }
}
