package org.pgregent.dcs.zookeeper;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Lease;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one session this process has at a time. Opening is only the start of a connection, so nothing here blocks. */
final class Sessions {

    private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);

    private static final Duration CLOSE = Duration.ofSeconds(2);

    private final ZooKeeperSettings settings;
    private final Path stateDir;
    private final Duration usualTtl;
    private final Watches watches;
    private final Optional<StoreTls> tls;
    private Session current;
    private boolean leased;
    /** What the former process left, as long as nobody here has got it as a lease. */
    private Optional<String> formers = Optional.empty();

    private boolean closed;

    Sessions(ZooKeeperSettings settings, Path stateDir, Duration usualTtl, Watches watches) {
        this.settings = settings;
        this.stateDir = stateDir;
        this.usualTtl = usualTtl;
        this.watches = watches;
        this.tls = settings.tls().map(given -> new StoreTls(given, stateDir, "zookeeper-tls"));
    }

    /**
     * The session in use, for whatever needs no lease. If it is over, or there is none, a new one is opened. One that was put
     * down since nobody renewed it is left to run out: whoever reads is not whoever holds the lease, and must not keep its keys
     * alive. For the same reason what the former process left is not taken up here: an agent that reads at its start and fails
     * each time, before it looks after anything, must lose its keys as one that does not start at all.
     */
    synchronized Session current() throws DcsUnavailableException {
        requireOpen();
        if (current == null || current.isEnded() || current.isPutDown()) {
            open(current == null ? usualTtl : current.ttl(), Optional.empty());
        }
        return current;
    }

    /**
     * The session to be a lease: the first time what the former process left, if it left one; else the one in use. Whoever asks
     * for a lease is going to renew it.
     */
    synchronized Session toLease() throws DcsUnavailableException {
        requireOpen();
        if (!leased) {
            leased = true;
            Optional<SavedSession> saved = SavedSession.read(stateDir);
            if (saved.isPresent()) {
                LOG.info(
                        "taking up session {} of the former process",
                        saved.get().name());
                open(saved.get().ttl(), saved);
                formers = Optional.of(saved.get().name());
            }
        }
        return current();
    }

    /**
     * Whether it comes from the former process and has not been given out here. Then it is given as it is, whatever its ttl: the
     * keys on it are those of a node that may act on them at this moment.
     */
    synchronized boolean isFormers(Session session) {
        return formers.equals(Optional.of(session.name()));
    }

    synchronized void givenOut() {
        formers = Optional.empty();
    }

    /** A new session with another ttl. The former one must be over, or it would keep its keys until it runs out. */
    synchronized Session renewed(Duration ttl) throws DcsUnavailableException {
        requireOpen();
        open(ttl, Optional.empty());
        return current;
    }

    /**
     * The session that is this lease, unless it is over. One process has one lease, so any other lease of it is over. If it was
     * put down it is taken up again: its holder is back, and perhaps it is not over yet.
     */
    synchronized Optional<Session> of(Lease lease) throws DcsUnavailableException {
        requireOpen();
        if (current == null || current.isEnded() || !current.name().equals(lease.id())) {
            return Optional.empty();
        }
        if (current.isPutDown()) {
            open(current.ttl(), Optional.of(current.saved()));
        }
        return Optional.of(current);
    }

    private void open(Duration ttl, Optional<SavedSession> resumed) {
        if (current != null) {
            current.putDown();
        }
        current = new Session(settings, tls, ttl, resumed, watches::disturbed);
        if (resumed.isPresent()) {
            // It has keys. Its holder has to say within a ttl that it wants them still.
            current.heartbeat().wanted();
        }
    }

    private void requireOpen() throws DcsUnavailableException {
        if (closed) {
            throw new DcsUnavailableException("this connection was closed");
        }
    }

    /** Waits a little for the connection to be gone, so that whoever takes up the session next does not meet it. */
    void close() {
        Optional<Session> last;
        synchronized (this) {
            closed = true;
            last = Optional.ofNullable(current);
        }
        if (last.isPresent()) {
            try {
                last.get().putDown().get(CLOSE.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (ExecutionException | TimeoutException e) {
                LOG.warn("the connection to ZooKeeper has not ended within {}", CLOSE, e);
            }
        }
    }
}
