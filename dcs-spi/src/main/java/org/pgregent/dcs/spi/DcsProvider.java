package org.pgregent.dcs.spi;

import java.time.Duration;
import java.util.Set;

/** The door to a kind of store; found by {@link java.util.ServiceLoader}, hence with a public constructor without arguments. */
public interface DcsProvider {

    /** Short, lower case and unique on the class path, such as {@code zookeeper}. */
    String name();

    /** The top-level sections of the configuration this provider answers for; the first one is the usual. */
    default Set<String> sections() {
        return Set.of(name());
    }

    /** Below this ttl the store cannot keep a lease reliably. */
    Duration shortestTtl();

    /**
     * Opens a connection without waiting for the store to answer; the first call does that.
     *
     * @throws DcsRefusedException if the configuration can never work; the message names key, value and remedy, one problem a
     *     line
     */
    Dcs connect(DcsConfig config) throws DcsException;

    /**
     * For who only wants to know whether the configuration can work, as far as its text and the files it names tell. Starts no
     * server and does not wait for the store.
     *
     * @throws DcsRefusedException as {@link #connect}
     */
    default void check(DcsConfig config) throws DcsException {
        connect(config).close();
    }
}
