package org.pgregent.dcs.zookeeper;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Lease;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one session this process has at a time. Opening is only the start of a connection, so nothing here blocks. */
final class Sessions {

    private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);

    private final ZooKeeperSettings settings;
    private final Path stateDir;
    private final Duration usualTtl;
    private final Watches watches;
    private Session current;
    private boolean started;
    private boolean closed;

    Sessions(ZooKeeperSettings settings, Path stateDir, Duration usualTtl, Watches watches) {
        this.settings = settings;
        this.stateDir = stateDir;
        this.usualTtl = usualTtl;
        this.watches = watches;
    }

    /**
     * The session in use. If it is over, or there is none, a new one is opened; the first one of this process takes up what
     * its former process left. One that was put down since nobody renewed it is taken up again: perhaps it is not over yet.
     */
    synchronized Session current() throws DcsUnavailableException {
        requireOpen();
        if (current == null && !started) {
            started = true;
            Optional<SavedSession> saved = SavedSession.read(stateDir);
            saved.ifPresent(session -> LOG.info("taking up session {} of the former process", session.name()));
            open(saved.map(SavedSession::ttl).orElse(usualTtl), saved);
        } else if (current == null || current.isEnded()) {
            open(current == null ? usualTtl : current.ttl(), Optional.empty());
        } else if (current.isPutDown()) {
            open(current.ttl(), Optional.of(current.saved()));
        }
        return current;
    }

    /** A new session with another ttl. The former one must be over, or it would keep its keys until it runs out. */
    synchronized Session renewed(Duration ttl) throws DcsUnavailableException {
        requireOpen();
        open(ttl, Optional.empty());
        return current;
    }

    /** The session that is this lease, unless it is over. One process has one lease, so any other lease of it is over. */
    synchronized Optional<Session> of(Lease lease) throws DcsUnavailableException {
        requireOpen();
        if (current == null || current.isEnded() || !current.name().equals(lease.id())) {
            return Optional.empty();
        }
        return Optional.of(current());
    }

    private void open(Duration ttl, Optional<SavedSession> resumed) {
        if (current != null) {
            current.putDown();
        }
        Session[] own = new Session[1];
        Session opened = new Session(settings, ttl, resumed, () -> watches.disturbed(own[0]));
        own[0] = opened;
        current = opened;
    }

    private void requireOpen() throws DcsUnavailableException {
        if (closed) {
            throw new DcsUnavailableException("this connection was closed");
        }
    }

    /** Sets the watches again if there is a connection to set them on. */
    synchronized Optional<Session> connected() {
        return Optional.ofNullable(current).filter(Session::isConnected);
    }

    synchronized void close() {
        closed = true;
        if (current != null && !current.isPutDown()) {
            current.putDown();
        }
    }
}
