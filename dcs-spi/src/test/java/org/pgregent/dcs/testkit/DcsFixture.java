package org.pgregent.dcs.testkit;

import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import org.pgregent.dcs.spi.Dcs;

/**
 * A store under trial: how to reach it and how to hurt it. One fixture serves a whole {@link DcsContract}; each test leaves
 * it healed. What a fixture cannot do it leaves out of {@link #abilities}; {@link DcsContract} never calls it then.
 */
public interface DcsFixture extends AutoCloseable {

    /** What a store, or the way it is run here, can do. */
    enum Ability {
        /** {@link #outage} and {@link #recover}. */
        OUTAGE,
        /** {@link #freeze} and {@link #thaw}. */
        FREEZE,
        /** {@link #connectToCutOffServer}, {@link #cutOffFromQuorum} and {@link #rejoinQuorum}. */
        CUT_OFF,
        /** {@link #restart}: the servers lose their memory but not their disk. */
        RESTART,
        /** A read shows all keys as of one moment. */
        ATOMIC_READ,
        /** A connection of the same node takes up the lease its former one left behind. */
        TAKES_UP_FORMER_LEASE
    }

    Set<Ability> abilities();

    /** A short ttl this store grants; the tests wait for leases of that length to run out. */
    Duration ttl();

    /** Values up to this size are kept whole; larger ones are refused whole. */
    int largestValueBytes();

    /** How long a healed store may take until calls succeed again. */
    Duration recoveryTime();

    /**
     * A new connection. The same {@code node} twice, the first closed, is a restart of that node's agent: it finds its former
     * state folder.
     */
    Dcs connect(String node) throws Exception;

    /** A connection that knows no server but the one that {@link #cutOffFromQuorum} cuts off. */
    default Dcs connectToCutOffServer(String node) throws Exception {
        throw new UnsupportedOperationException("cannot cut a server off");
    }

    /** No server can be reached; connections break. */
    default void outage() throws Exception {
        throw new UnsupportedOperationException("cannot take the store away");
    }

    /** Ends {@link #outage}. */
    default void recover() throws Exception {
        throw new UnsupportedOperationException("cannot take the store away");
    }

    /** All servers stop answering without closing a connection, as a stopped process does. */
    default void freeze() throws Exception {
        throw new UnsupportedOperationException("cannot freeze the store");
    }

    /** Ends {@link #freeze}. */
    default void thaw() throws Exception {
        throw new UnsupportedOperationException("cannot freeze the store");
    }

    /** One server still answers its clients but hears no other server any more. */
    default void cutOffFromQuorum() throws Exception {
        throw new UnsupportedOperationException("cannot cut a server off");
    }

    /** Ends {@link #cutOffFromQuorum}. */
    default void rejoinQuorum() throws Exception {
        throw new UnsupportedOperationException("cannot cut a server off");
    }

    /** Ends all servers at once without notice and starts them again on the same disk. */
    default void restart() throws Exception {
        throw new UnsupportedOperationException("cannot restart the store");
    }

    /** Ends the store. */
    @Override
    void close() throws IOException;
}
