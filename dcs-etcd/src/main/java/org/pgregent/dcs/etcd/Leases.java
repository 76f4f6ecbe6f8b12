package org.pgregent.dcs.etcd;

import io.etcd.jetcd.lease.LeaseGrantResponse;
import io.etcd.jetcd.options.GetOption;
import java.time.Duration;
import java.util.OptionalLong;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Lease;

/**
 * Leases, and when the renewal of one is a proof.
 *
 * <p><b>How early a lease may end.</b> The leading server of etcd counts a lease from when it has taken the grant or the renewal,
 * which is after the request was sent. It ends it no earlier than its ttl later, looks for ended ones twice a second and
 * has the end agreed on like any write. A server that takes the lead counts every lease from the start again. A ttl it finds too
 * short it raises, and says so. All of that only makes a lease longer. What remains is that the server's clock may run
 * faster than ours: clocks are kept in step by up to 500 millionths faster or slower each, so a thousandth of the ttl is slack.
 *
 * <p><b>What a renewal is worth.</b> etcd does not agree on a renewal: the server that believes to lead only notes it. One
 * that was replaced while it stood still believes so for a moment after it wakes, and confirms renewals that its successor
 * never hears of. But each answer carries the term of the last write the answering server has applied, and a read that is
 * agreed on is answered by nobody who has not applied the present lead's first write. So: if an agreed read, sent after the
 * renewal was confirmed, still shows the term that the renewal showed, then one and the same server had the lead from before
 * the renewal until after it, and it was the one that noted it. Otherwise the renewal is made again. "There is no such lease" is
 * believed only between two such reads of one term. The proof is in {@code docs/adr/0007-etcd.md}.
 */
final class Leases {

    private final Calls calls;
    /** A key this connection's user may certainly read: one it has just read or written. */
    private volatile String readableKey = "/";

    Leases(Calls calls) {
        this.calls = calls;
    }

    void mayRead(String key) {
        readableKey = key;
    }

    static String id(long number) {
        return Long.toHexString(number);
    }

    static long number(Lease lease) {
        return Long.parseUnsignedLong(lease.id(), 16);
    }

    static Duration slack(Duration ttl) {
        return ttl.dividedBy(1000);
    }

    Lease grant(Duration ttl, Deadline deadline) throws DcsException {
        long seconds = ttl.plusNanos(999_999_999).toSeconds();
        try {
            LeaseGrantResponse granted = calls.call(
                    Calls.Kind.WRITE, "grant a lease of " + seconds + " s", deadline, client -> client.getLeaseClient()
                            .grant(seconds));
            Duration given = Duration.ofSeconds(granted.getTTL());
            return new Lease(id(granted.getID()), given, slack(given));
        } catch (Calls.LeaseGoneException gone) {
            throw new DcsUnavailableException("etcd answers a grant with an ended lease", gone);
        }
    }

    boolean renew(Lease lease, Deadline deadline) throws DcsException {
        OptionalLong before = OptionalLong.empty();
        while (true) {
            OptionalLong renewedIn = keepAlive(lease, deadline);
            long term = agreedTerm(deadline);
            if (renewedIn.isPresent() && renewedIn.getAsLong() == term) {
                return true;
            }
            if (renewedIn.isEmpty() && before.isPresent() && before.getAsLong() == term) {
                return false;
            }
            before = OptionalLong.of(term);
        }
    }

    /** In which term the answering server was when it confirmed the renewal; empty if it knows no such lease. */
    private OptionalLong keepAlive(Lease lease, Deadline deadline) throws DcsException {
        try {
            return OptionalLong.of(calls.call(
                            Calls.Kind.WRITE, "renew lease " + lease.id(), deadline, client -> client.getLeaseClient()
                                    .keepAliveOnce(number(lease)))
                    .getHeader()
                    .getRaftTerm());
        } catch (Calls.LeaseGoneException gone) {
            return OptionalLong.empty();
        }
    }

    /** As a write: that this read failed leaves open whether the lease was renewed. */
    private long agreedTerm(Deadline deadline) throws DcsException {
        try {
            return calls.call(
                            Calls.Kind.WRITE,
                            "confirm a renewal by reading " + readableKey,
                            deadline,
                            client -> client.getKVClient()
                                    .get(
                                            KeyWriter.bytes(readableKey),
                                            GetOption.builder()
                                                    .withCountOnly(true)
                                                    .build()))
                    .getHeader()
                    .getRaftTerm();
        } catch (Calls.LeaseGoneException gone) {
            throw new DcsUnavailableException("etcd answers a read with an ended lease", gone);
        }
    }

    void revoke(Lease lease, Deadline deadline) throws DcsException {
        try {
            calls.call(Calls.Kind.WRITE, "revoke lease " + lease.id(), deadline, client -> client.getLeaseClient()
                    .revoke(number(lease)));
        } catch (Calls.LeaseGoneException gone) {
            return;
        }
    }
}
