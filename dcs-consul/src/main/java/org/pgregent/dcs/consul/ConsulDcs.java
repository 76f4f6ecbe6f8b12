package org.pgregent.dcs.consul;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.ServiceRegistry;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.spi.WriteResult;

/** Consul as a store. Holds no state of its own but when its sessions were renewed. */
final class ConsulDcs implements Dcs {

    private final ConsulSettings settings;
    private final String nodeName;
    private final ConsulHttp http;
    private final ConsulHttp watchHttp;
    private final Keys keys;
    private final KeyWriter writer;
    private final Sessions sessions;
    private final Set<FolderWatch> watches = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean granted = new AtomicBoolean();
    private volatile String lastRead = "";

    /** @throws IOException if a TLS file cannot be used */
    ConsulDcs(ConsulSettings settings, String nodeName) throws IOException {
        this.settings = settings;
        this.nodeName = nodeName;
        this.http = new ConsulHttp(settings);
        this.watchHttp = new ConsulHttp(settings);
        this.keys = new Keys(http, settings);
        this.writer = new KeyWriter(http, keys);
        this.sessions = new Sessions(http, settings);
    }

    @Override
    public DcsSnapshot readAll(String prefix, Duration timeout) throws DcsException {
        lastRead = prefix;
        return keys.readAll(prefix, Deadline.in(timeout));
    }

    @Override
    public WriteResult put(String key, byte[] value, Expect expect, Optional<Lease> lease, Duration timeout)
            throws DcsException {
        return writer.put(key, value, expect, lease, Deadline.in(timeout));
    }

    @Override
    public WriteResult delete(String key, Expect expect, Duration timeout) throws DcsException {
        return writer.delete(key, expect, Deadline.in(timeout));
    }

    @Override
    public Lease grant(Duration ttl, Duration timeout) throws DcsException {
        Lease lease = sessions.grant(sessionName(), ttl, Deadline.in(timeout));
        if (!granted.getAndSet(true)) {
            LeaveCheck.start(http, settings);
        }
        return lease;
    }

    /** For whoever lists the sessions: the folder this node works on, and its name. */
    private String sessionName() {
        String folder = lastRead.substring(lastRead.lastIndexOf('/') + 1);
        return folder.isEmpty() ? nodeName : folder + "-" + nodeName;
    }

    @Override
    public boolean renew(Lease lease, Duration timeout) throws DcsException {
        return sessions.renew(lease, Deadline.in(timeout));
    }

    @Override
    public void revoke(Lease lease, Duration timeout) throws DcsException {
        sessions.revoke(lease, Deadline.in(timeout));
    }

    @Override
    public Watch watch(Set<String> wanted, Runnable hint) {
        Map<String, Set<String>> byFolder = wanted.stream()
                .map(Keys::inConsul)
                .collect(Collectors.groupingBy(key -> key.substring(0, key.lastIndexOf('/') + 1), Collectors.toSet()));
        List<FolderWatch> started = byFolder.entrySet().stream()
                .map(folder -> new FolderWatch(watchHttp, settings, folder.getKey(), folder.getValue(), hint))
                .toList();
        watches.addAll(started);
        started.forEach(FolderWatch::start);
        return () -> {
            started.forEach(FolderWatch::close);
            started.forEach(watches::remove);
        };
    }

    @Override
    public Optional<ServiceRegistry> services() {
        return settings.registration().map(registration -> new ConsulServices(http, settings.section(), registration));
    }

    @Override
    public void close() {
        watches.forEach(FolderWatch::close);
        watches.clear();
        watchHttp.close();
        http.close();
    }
}
