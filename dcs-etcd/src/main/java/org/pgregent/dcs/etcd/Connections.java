package org.pgregent.dcs.etcd;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to one server at a time. When it fails the next server's turn comes, in the order of {@link Endpoints}; gRPC's own
 * choice among servers would go on with one that accepts connections but does not answer, and would wait for up to two minutes
 * before it tries one again that was away.
 */
final class Connections {

    private static final Logger LOG = LoggerFactory.getLogger(Connections.class);

    /** No server is tried more often than this; a caller in a hurry must not flood one that is starting. */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final long TLS_CHECK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final EtcdSettings settings;
    private final Endpoints endpoints;
    private final Map<Endpoint, Long> failedAtNanos = new HashMap<>();
    private @Nullable Connection current;
    private @Nullable Endpoint wanted;
    private Optional<EtcdSettings.Login> login;
    private long tlsCheckedNanos = System.nanoTime();
    private String tlsStateRefused = "";
    private boolean closed;
    private volatile Runnable afterChange = () -> {};

    Connections(EtcdSettings settings, Endpoints endpoints) {
        this.settings = settings;
        this.endpoints = endpoints;
        this.login = settings.login();
    }

    /** Is told when another connection takes over; must not block. */
    void afterChange(Runnable listener) {
        afterChange = listener;
    }

    /** The connection to use now. Every use ends with {@link Connection#release}. */
    Connection acquire(Deadline deadline) throws DcsException {
        List<Endpoint> all = endpoints.all(deadline);
        pause(all, deadline);
        boolean changed;
        Connection connection;
        synchronized (this) {
            if (closed) {
                throw new DcsUnavailableException("the connection to etcd is closed");
            }
            Connection before = current;
            reloadTls();
            if (current == null) {
                Endpoint server = wanted != null && all.contains(wanted) ? wanted : all.get(0);
                current = Connection.open(server, settings.tls(), login);
                LOG.debug("using etcd at {}", server);
            }
            connection = current;
            connection.use();
            changed = connection != before;
        }
        if (changed) {
            afterChange.run();
        }
        return connection;
    }

    private void pause(List<Endpoint> all, Deadline deadline) throws DcsException {
        long wait;
        synchronized (this) {
            Endpoint next = wanted == null ? all.get(0) : wanted;
            Long failed = failedAtNanos.get(next);
            wait = current != null || failed == null ? 0 : failed + PAUSE_NANOS - System.nanoTime();
        }
        if (wait > 0) {
            deadline.sleep(wait);
        }
    }

    /** It served badly: the next server's turn. */
    void failed(Connection connection) {
        move(connection, true);
    }

    /** The server is fine, but the connection has to be made anew. */
    void renew(Connection connection) {
        move(connection, false);
    }

    private void move(Connection connection, boolean toNext) {
        synchronized (this) {
            if (current != connection) {
                return;
            }
            current = null;
            wanted = connection.server();
            if (toNext) {
                failedAtNanos.put(connection.server(), System.nanoTime());
                wanted = next(connection.server());
            }
        }
        connection.retire();
    }

    private Endpoint next(Endpoint server) {
        try {
            List<Endpoint> all = endpoints.all(Deadline.in(java.time.Duration.ZERO));
            return all.get((all.indexOf(server) + 1) % all.size());
        } catch (DcsException unknown) {
            return server;
        }
    }

    /** The servers want no login (or want one again). */
    void useLogin(Connection connection, boolean wantLogin) {
        synchronized (this) {
            login = wantLogin ? settings.login() : Optional.empty();
        }
        renew(connection);
    }

    /** Whether the user given is really used. */
    synchronized boolean usesLogin() {
        return login.isPresent();
    }

    /** A certificate was renewed: go on with a connection made with it. While the new files are no use, the old one stays. */
    private void reloadTls() {
        if (current == null || !current.server().tls() || System.nanoTime() - tlsCheckedNanos < TLS_CHECK_NANOS) {
            return;
        }
        tlsCheckedNanos = System.nanoTime();
        String state = settings.tls().state();
        if (state.equals(current.tlsState()) || state.equals(tlsStateRefused)) {
            return;
        }
        try {
            Connection next = Connection.open(current.server(), settings.tls(), login);
            LOG.info("{}: the TLS files have changed, connecting anew", settings.section());
            current.retire();
            current = next;
        } catch (DcsRefusedException e) {
            LOG.warn(
                    "the TLS files have changed, but cannot be used; going on with the former ones. {}",
                    e.getMessage());
            tlsStateRefused = state;
        }
    }

    synchronized boolean isCurrent(Connection connection) {
        return current == connection;
    }

    /** Idempotent. */
    void close() {
        Connection last;
        synchronized (this) {
            closed = true;
            last = current;
            current = null;
        }
        if (last != null) {
            last.close();
        }
    }
}
