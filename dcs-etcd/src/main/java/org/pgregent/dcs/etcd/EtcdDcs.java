package org.pgregent.dcs.etcd;

import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.options.GetOption;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.spi.WriteResult;

/** etcd as a store: keys, leases and watches are etcd's own; every write is a transaction, every read is agreed on. */
final class EtcdDcs implements Dcs {

    private final ScheduledExecutorService watching;
    private final ExecutorService background;
    private final Connections connections;
    private final Calls calls;
    private final KeyWriter writer;
    private final Leases leases;
    private final Watches watches;
    private final Surroundings surroundings;

    private EtcdDcs(EtcdSettings settings, Duration ttl, SrvLookup dns) {
        this.watching = Executors.newSingleThreadScheduledExecutor(daemons("etcd-watches"));
        this.background = Executors.newCachedThreadPool(daemons("etcd-background"));
        HttpPages pages = new HttpPages(settings.tls(), background);
        Endpoints endpoints = new Endpoints(settings, dns, pages, background);
        this.connections = new Connections(settings, endpoints);
        this.calls = new Calls(settings, endpoints, connections, pages);
        this.writer = new KeyWriter(calls);
        this.leases = new Leases(calls);
        this.watches = new Watches(connections, watching);
        this.surroundings = new Surroundings(settings, endpoints, calls, pages, background);
        connections.afterChange(watches::connectionChanged);
        // Not more often than the contract says, and never in a caller's time.
        long tenTtls = Math.max(1, ttl.toMillis()) * 10;
        watching.scheduleWithFixedDelay(surroundings::lookAgain, tenTtls, tenTtls, TimeUnit.MILLISECONDS);
    }

    /** @throws org.pgregent.dcs.spi.DcsRefusedException if the TLS files cannot be used */
    static EtcdDcs open(EtcdSettings settings, Duration ttl, SrvLookup dns) throws DcsException {
        settings.tls().load();
        return new EtcdDcs(settings, ttl, dns);
    }

    private static ThreadFactory daemons(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    /** One range is read as of one moment, and by default after all writes that were answered before it was asked for. */
    @Override
    public DcsSnapshot readAll(String prefix, Duration timeout) throws DcsException {
        String first = prefix + "/";
        // The character after the slash: the end of what begins with it.
        String end = prefix + "0";
        try {
            GetResponse answer =
                    calls.call(Calls.Kind.READ, "read " + prefix, Deadline.in(timeout), client -> client.getKVClient()
                            .get(
                                    KeyWriter.bytes(first),
                                    GetOption.builder()
                                            .withRange(KeyWriter.bytes(end))
                                            .build()));
            leases.mayRead(first);
            surroundings.lookOnce();
            return snapshot(answer);
        } catch (Calls.LeaseGoneException gone) {
            throw new DcsUnavailableException("etcd answers a read with an ended lease", gone);
        }
    }

    private static DcsSnapshot snapshot(GetResponse answer) {
        SortedMap<String, DcsSnapshot.Entry> entries = new TreeMap<>();
        for (KeyValue state : answer.getKvs()) {
            Optional<String> lease =
                    state.getLease() == 0 ? Optional.empty() : Optional.of(Leases.id(state.getLease()));
            entries.put(
                    state.getKey().toString(StandardCharsets.UTF_8),
                    new DcsSnapshot.Entry(state.getValue().getBytes(), KeyWriter.version(state), lease));
        }
        return new DcsSnapshot(entries);
    }

    @Override
    public WriteResult put(String key, byte[] value, Expect expect, Optional<Lease> lease, Duration timeout)
            throws DcsException {
        WriteResult result = writer.put(key, value, expect, lease, Deadline.in(timeout));
        leases.mayRead(key);
        return result;
    }

    @Override
    public WriteResult delete(String key, Expect expect, Duration timeout) throws DcsException {
        return writer.delete(key, expect, Deadline.in(timeout));
    }

    @Override
    public Lease grant(Duration ttl, Duration timeout) throws DcsException {
        return leases.grant(ttl, Deadline.in(timeout));
    }

    @Override
    public boolean renew(Lease lease, Duration timeout) throws DcsException {
        return leases.renew(lease, Deadline.in(timeout));
    }

    @Override
    public void revoke(Lease lease, Duration timeout) throws DcsException {
        leases.revoke(lease, Deadline.in(timeout));
    }

    @Override
    public Watch watch(Set<String> keys, Runnable hint) {
        return watches.register(keys, hint);
    }

    @Override
    public void close() {
        watches.close();
        connections.close();
        watching.shutdown();
        background.shutdownNow();
        awaitNetty();
    }

    /** Netty's own thread is no daemon and ends a second after its last work; a process that ends with us should not wait for it. */
    private static void awaitNetty() {
        try {
            GlobalEventExecutor.INSTANCE.awaitInactivity(3, TimeUnit.SECONDS);
        } catch (IllegalStateException neverStarted) {
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
