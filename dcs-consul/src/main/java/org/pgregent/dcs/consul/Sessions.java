package org.pgregent.dcs.consul;

import com.ecwid.consul.v1.ConsistencyMode;
import com.ecwid.consul.v1.QueryParams;
import com.ecwid.consul.v1.session.model.NewSession;
import com.ecwid.consul.v1.session.model.Session;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Lease;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lease is a session with half of its ttl: Consul promises to keep a session for its TTL, and does keep it for twice that. Only the
 * promise counts, so half of a lease is slack.
 *
 * <p>Consul's own renewal is written nowhere: whoever believes to be the leader of the servers sets a timer in its memory. So each
 * renewal first has that leader make sure with a majority that it is the leader. From then on there are only two kinds of
 * leaders: this one, which sets its timer, and later ones, which begin with all timers anew. See ADR 8.
 */
final class Sessions {

    private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);

    /** @param sinceNanos before the latest renewal that was confirmed */
    private record Kept(Duration sessionTtl, long sinceNanos) {

        /** Its timer may be about to go off, or have gone off and the end be under way: no renewal can be trusted any more. */
        boolean isOverdue(long nowNanos) {
            return nowNanos - sinceNanos > sessionTtl.toNanos() * 3 / 2;
        }
    }

    private final ConsulHttp http;
    private final ConsulSettings settings;
    private final Map<String, Kept> kept = new ConcurrentHashMap<>();

    Sessions(ConsulHttp http, ConsulSettings settings) {
        this.http = http;
        this.settings = settings;
    }

    Lease grant(String name, Duration ttl, Deadline deadline) throws DcsException {
        Duration sessionTtl = Duration.ofMillis((ttl.toMillis() + 1) / 2);
        NewSession session = new NewSession();
        session.setName(name);
        session.setTtl(inSeconds(sessionTtl));
        session.setBehavior(Session.Behavior.DELETE);
        session.setLockDelay(0);
        session.setChecks(settings.checks());
        long before = System.nanoTime();
        String id;
        try {
            id = http.ask(client -> client.sessionCreate(session, inDatacenter()), deadline)
                    .getValue();
        } catch (DcsException e) {
            throw explained(e, sessionTtl, ttl);
        }
        if (id == null) {
            throw new DcsIndeterminateException("Consul answers without a session's id");
        }
        kept.put(id, new Kept(sessionTtl, before));
        return new Lease(id, sessionTtl.multipliedBy(2), sessionTtl);
    }

    private DcsException explained(DcsException failure, Duration sessionTtl, Duration ttl) {
        String text = String.valueOf(failure.getMessage());
        if (text.contains("Invalid Session TTL")) {
            return new DcsRefusedException(
                    "Consul at " + settings.address() + " grants no session of " + inSeconds(sessionTtl)
                            + ", the half of ttl " + inSeconds(ttl) + " (" + text
                            + "); raise ttl to twice session_ttl_min of the servers, which is 10s by default, or lower"
                            + " session_ttl_min on all servers",
                    failure);
        }
        // A check that is not known to the agent yet, or fails at the moment: nothing was created.
        if (failure instanceof DcsIndeterminateException && text.contains("Check") && text.contains("500")) {
            return new DcsUnavailableException(text + "; see " + settings.section() + ".checks", failure);
        }
        return failure;
    }

    /** Consul's notation, as others write it: {@code 15.0s}. */
    static String inSeconds(Duration duration) {
        BigDecimal seconds = BigDecimal.valueOf(duration.toMillis(), 3).stripTrailingZeros();
        return (seconds.scale() < 1 ? seconds.setScale(1, RoundingMode.UNNECESSARY) : seconds).toPlainString() + "s";
    }

    boolean renew(Lease lease, Deadline deadline) throws DcsException {
        long before = System.nanoTime();
        if (!exists(lease, deadline)) {
            return false;
        }
        if (isOverdue(lease)) {
            return ended(lease, deadline);
        }
        Session renewed = http.ask(client -> client.renewSession(lease.id(), inDatacenter()), deadline)
                .getValue();
        if (renewed == null) {
            // A server that has just become the leader may not know all it has to know yet.
            if (!exists(lease, deadline)) {
                return false;
            }
            throw new DcsUnavailableException("session " + lease.id() + " was not renewed by a leader just elected");
        }
        Kept former = kept.get(lease.id());
        if (former == null || isOverdue(lease)) {
            return ended(lease, deadline);
        }
        kept.put(lease.id(), new Kept(former.sessionTtl(), before));
        return true;
    }

    private boolean isOverdue(Lease lease) {
        Kept known = kept.get(lease.id());
        return known == null || known.isOverdue(System.nanoTime());
    }

    private boolean ended(Lease lease, Deadline deadline) throws DcsException {
        LOG.info("session {} was not renewed for too long to be trusted; ending it", lease.id());
        revoke(lease, deadline);
        return false;
    }

    private boolean exists(Lease lease, Deadline deadline) throws DcsException {
        QueryParams consistent = new QueryParams(settings.datacenter().orElse(null), ConsistencyMode.CONSISTENT);
        boolean found = http.ask(client -> client.getSessionInfo(lease.id(), consistent), deadline)
                        .getValue()
                != null;
        if (!found) {
            kept.remove(lease.id());
        }
        return found;
    }

    void revoke(Lease lease, Deadline deadline) throws DcsException {
        http.ask(client -> client.sessionDestroy(lease.id(), inDatacenter()), deadline);
        kept.remove(lease.id());
    }

    private QueryParams inDatacenter() {
        return settings.datacenter().map(QueryParams::new).orElse(QueryParams.DEFAULT);
    }
}
