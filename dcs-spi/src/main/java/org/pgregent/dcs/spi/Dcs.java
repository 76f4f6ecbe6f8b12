package org.pgregent.dcs.spi;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * A connection to a consensus store.
 *
 * <p>Every call may be made from any thread, blocks no longer than its {@code timeout} (plus a scheduling delay), and never
 * retries by itself: the caller owns the deadline. An expected outcome is a value; an exception says what the caller may
 * conclude: {@link DcsUnavailableException} it did not happen, {@link DcsIndeterminateException} it may have happened or
 * may still happen, {@link DcsRefusedException} it will never work like this. An interrupt of the calling thread ends the
 * call with {@link DcsIndeterminateException} and leaves the interrupt flag set.
 *
 * <p>Keys are absolute, slash-separated paths without a trailing slash, such as {@code /service/main/leader}.
 */
public interface Dcs extends AutoCloseable {

    /**
     * Reads all keys below the prefix. Nothing returned is older than this call; different keys may stem from different
     * moments, hence versions guard every write.
     *
     * @param prefix a path without a trailing slash; the key equal to it is not part of the answer
     */
    DcsSnapshot readAll(String prefix, Duration timeout) throws DcsException;

    /**
     * Writes if the key is as expected. A conflict is an answer, not an error.
     *
     * <p>With a lease the key hangs on that lease afterwards and goes when the lease goes, whatever it hung on before;
     * without one it stays until deleted. If the lease is gone the answer is {@link WriteResult.LeaseGone} and nothing was
     * written.
     */
    WriteResult put(String key, byte[] value, Expect expect, Optional<Lease> lease, Duration timeout)
            throws DcsException;

    /** Deletes if the key is as expected. Deleting an absent key with {@link Expect#anything()} is {@code Written}. */
    WriteResult delete(String key, Expect expect, Duration timeout) throws DcsException;

    /**
     * A lease for this process. It never ends before its ttl less its slack have passed, counted from before this call
     * (or the latest confirmed renewal) was made; it may end later. A back end that can take up the lease of this node's
     * former process returns that one, with the ttl it has, be it another than the one asked for; hence the keys may already be
     * there. It does so here and nowhere else: whoever only
     * reads and watches keeps no former lease alive.
     *
     * @throws DcsRefusedException if the store cannot grant what is asked; the message names the setting to change
     */
    Lease grant(Duration ttl, Duration timeout) throws DcsException;

    /**
     * True once the store has committed the renewal: a server cut off from its quorum must not confirm it. False: the
     * lease is gone for good, and with it the keys that hung on it.
     */
    boolean renew(Lease lease, Duration timeout) throws DcsException;

    /** Ends the lease and its keys now. Revoking a lease that is gone is no error. */
    void revoke(Lease lease, Duration timeout) throws DcsException;

    /**
     * Calls {@code hint} after one of the keys may have changed, appeared or gone. The hint may come twice, late, without a
     * change, or never; on any thread; it must not block. After a disturbance of the connection it comes at least once.
     */
    Watch watch(Set<String> keys, Runnable hint);

    /** The store's list of services, if it has one and its configuration asks for this node to be on it. */
    default Optional<ServiceRegistry> services() {
        return Optional.empty();
    }

    /** Ends the connection, idempotently and within a few seconds. Leases are left to run out unless revoked before. */
    @Override
    void close();
}
