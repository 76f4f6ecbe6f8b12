package org.pgregent.core.agent;

import java.time.Duration;
import java.util.Optional;
import org.pgregent.core.model.LeaseView;
import org.pgregent.core.model.SafeTimes;
import org.pgregent.core.model.Settings;
import org.pgregent.core.port.Clock;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.Lease;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's one lease: granted when there is none, renewed when due. Its time always counts from before the request was
 * sent, and an answer that did not come changes nothing. Driven by the agent's thread; {@link #view} may be read by any.
 */
final class LeaseKeeper {

    private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);

    private final Dcs dcs;
    private final Clock clock;
    private volatile LeaseView view = LeaseView.NONE;
    private Optional<Lease> lease = Optional.empty();
    private Optional<Lease> abandoned = Optional.empty();
    private Duration askedTtl = Duration.ZERO;
    private boolean renewedInThisPass;

    /** The last decision was made before that was known. The next one has to see it, and not another lease in its place. */
    private boolean lossUnseen;

    LeaseKeeper(Dcs dcs, Clock clock) {
        this.dcs = dcs;
        this.clock = clock;
    }

    LeaseView view() {
        return view;
    }

    Optional<Lease> lease() {
        return lease;
    }

    /** Asked of the clock now, not of the time a decision was made. */
    boolean isOver() {
        return view.isOverAt(clock.monotonicNanos());
    }

    /** Time left until D - B, by the clock now; zero if none. */
    Duration left() {
        return view.leftAt(clock.monotonicNanos());
    }

    boolean renewedInThisPass() {
        return renewedInThisPass;
    }

    /**
     * At the start of a pass. True if the lease was granted or renewed just now.
     *
     * @param keep a leader keeps the lease it leads on, and so does whoever may be writable, even when another ttl is wanted by
     *     now: giving it up would cost it the key. It gets the new one when it leads no more.
     */
    boolean renewIfDue(Settings settings, boolean keep, Duration timeout) {
        renewedInThisPass = false;
        if (lossUnseen) {
            lossUnseen = false;
            return false;
        }
        view = new LeaseView(view.id(), view.times(), view.renewedNanos(), false, view.trouble());
        if (lease.isPresent() && !keep && !askedTtl.equals(settings.ttl())) {
            return exchange(settings, timeout);
        }
        boolean due = view.renewedNanos()
                .map(t0 -> clock.monotonicNanos() - t0 >= settings.loopWait().toNanos())
                .orElse(true);
        boolean renewed = due && renew(settings, timeout);
        lossUnseen = false;
        return renewed;
    }

    /** Grants or renews now. True if the store confirmed it. */
    boolean renew(Settings settings, Duration timeout) {
        if (timeout.isZero()) {
            return trouble("no time was left in this pass");
        }
        long t0 = clock.monotonicNanos();
        try {
            if (lease.isEmpty()) {
                if (abandoned.isPresent()) {
                    dcs.revoke(abandoned.get(), timeout);
                    abandoned = Optional.empty();
                }
                Lease fresh = dcs.grant(settings.ttl(), timeout);
                // What a former process had may come back with its own ttl, and the leader key may hang on it.
                askedTtl = fresh.ttl();
                return granted(fresh, timeout);
            }
            if (dcs.renew(lease.get(), timeout)) {
                view = new LeaseView(view.id(), view.times(), Optional.of(t0), false, Optional.empty());
                renewedInThisPass = true;
                return true;
            }
            LOG.warn("lease {} is gone from the store", lease.get().id());
            gone();
            return false;
        } catch (DcsRefusedException e) {
            return refusal(String.valueOf(e.getMessage()));
        } catch (DcsException e) {
            return trouble(e.getMessage());
        }
    }

    /** Time alone does not mend it, and reading may go on as if nothing was: somebody has to be told, but once. */
    private boolean refusal(String why) {
        if (!view.trouble().equals(Optional.of(why))) {
            LOG.warn("no lease can be had: {}", why);
        }
        return trouble(why);
    }

    private boolean exchange(Settings settings, Duration timeout) {
        try {
            LOG.info("ttl is {} s now: getting another lease", settings.ttl().toSeconds());
            dcs.revoke(lease.orElseThrow(), timeout);
        } catch (DcsException e) {
            return trouble(e.getMessage());
        }
        lease = Optional.empty();
        view = LeaseView.NONE;
        boolean granted = renew(settings, timeout);
        // What the store gives now is what it can give.
        askedTtl = granted ? settings.ttl() : askedTtl;
        return granted;
    }

    /** What was granted may be a former process's lease taken up again, so only a renewal tells how long it lasts. */
    private boolean granted(Lease fresh, Duration timeout) throws DcsException {
        long t0 = clock.monotonicNanos();
        if (!dcs.renew(fresh, timeout)) {
            return trouble("the store granted lease " + fresh.id() + " and dropped it at once");
        }
        lease = Optional.of(fresh);
        renewedInThisPass = true;
        view = new LeaseView(
                Optional.of(fresh.id()),
                Optional.of(SafeTimes.of(fresh.safeTtl())),
                Optional.of(t0),
                false,
                Optional.empty());
        return true;
    }

    /** The store told with a conflict that the lease is gone. */
    void gone() {
        lossUnseen = true;
        lease = Optional.empty();
        view = new LeaseView(Optional.empty(), Optional.empty(), Optional.empty(), true, Optional.empty());
    }

    /** Given up by this node, whatever the store makes of it; it is revoked before the next one is granted. */
    void abandon() {
        abandoned = lease;
        lease = Optional.empty();
        view = LeaseView.NONE;
    }

    private boolean trouble(String why) {
        view = new LeaseView(view.id(), view.times(), view.renewedNanos(), false, Optional.ofNullable(why));
        return false;
    }
}
