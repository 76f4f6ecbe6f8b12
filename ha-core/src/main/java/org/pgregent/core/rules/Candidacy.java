package org.pgregent.core.rules;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.pgregent.core.decide.Action;
import org.pgregent.core.decide.Decision;
import org.pgregent.core.decide.Situation;
import org.pgregent.core.model.FailoverRequest;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.MemberView;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.PeerAnswers.PeerAnswer;
import org.pgregent.core.model.TaskKind;
import org.pgregent.core.model.Versioned;

/**
 * Nobody leads, and a person said who is to lead next, or who is to lead no more. For one ttl their word comes before the race;
 * then a candidate that could not take the key has had its time.
 */
final class Candidacy {

    private static final Duration SOON = Duration.ofSeconds(1);

    /** What a member publishes whose PostgreSQL does not run. */
    private static final Set<String> DOWN = Set.of("stopped", "crashed");

    private Candidacy() {}

    /** Why a member that was asked cannot lead, in the contract's words, if it cannot. */
    static Optional<String> limitation(PeerAnswer peer) {
        if (!peer.reachable()) {
            return Optional.of("not reachable");
        }
        if (peer.tags().noFailover()) {
            return Optional.of("not allowed to promote");
        }
        return peer.watchdogFailed() ? Optional.of("not watchdog capable") : Optional.empty();
    }

    static Optional<Decision> ordered(Situation s) {
        Optional<Versioned<FailoverRequest>> order = s.order();
        if (!s.nobodyLeads() || !s.postgres().isReplica() || order.isEmpty() || timeIsUp(s)) {
            return Optional.empty();
        }
        FailoverRequest request = order.get().value();
        if (s.paused() && !request.names(s.me())) {
            return Optional.empty();
        }
        Optional<String> unfit = Election.cannotBePlaced(s).or(() -> Election.formerLeaseMayRun(s));
        if (unfit.isPresent()) {
            return wait(request, s, unfit.get());
        }
        List<NodeName> others = others(s);
        long since = s.memory().leaderlessSince().orElse(s.now().monotonicNanos());
        if (!Election.answered(s, others, since)) {
            return s.node().peers().pending()
                    ? s.waitBecause(request.words() + ": waiting for the members' answers", Duration.ofMillis(100))
                    : s.then(
                            new Action.AskPeers(others),
                            "%s: no leader, asking the members: %s".formatted(request.words(), others));
        }
        Optional<String> alive = primaryAlive(s);
        if (alive.isPresent()) {
            return wait(request, s, alive.get());
        }
        return request.names(s.me()) ? asCandidate(s, order.get()) : asOther(s, order.get());
    }

    /**
     * This node holds the key and is about to become primary. What it took the key on must still hold: somebody else may have
     * been named, or have led and gone, while this process slept.
     */
    static Optional<Decision> lostSince(Situation s) {
        Optional<Versioned<FailoverRequest>> order = s.order();
        boolean tookForIt = order.isPresent() && s.memory().tookFor().equals(order.map(Versioned::version));
        if (!s.isAskedToLead() || order.get().value().isSwitchover() && !tookForIt) {
            // Of whom they want to be rid it does not matter how far they are, once all they handed over is here.
            boolean whole = tookForIt && hasAll(s, position(s));
            return Election.raceLostSince(
                    s, name -> whole && order.get().value().isFrom(name));
        }
        Optional<String> unfit = Election.cannotBePlaced(s);
        if (unfit.isPresent()) {
            return Election.released(s, unfit.get());
        }
        if (order.get().value().isSwitchover() && !hasAll(s, position(s))) {
            return Election.released(s, lacking(s));
        }
        return Election.askedAgain(s, others(s))
                .or(() -> primaryAlive(s).flatMap(alive -> Election.released(s, alive)));
    }

    private static List<NodeName> others(Situation s) {
        return s.cluster().members().stream()
                .filter(m -> !m.name().equals(s.me()) && m.apiUrl().isPresent())
                .map(MemberView::name)
                .toList();
    }

    private static Optional<String> primaryAlive(Situation s) {
        return s.node().peers().answers().stream()
                .filter(PeerAnswer::writable)
                .findFirst()
                .map(alive -> "Primary (%s) is still alive".formatted(alive.name()));
    }

    /** What was asked for must not keep a cluster without a leader. In pause a person wants it so. */
    private static boolean timeIsUp(Situation s) {
        long since = s.memory().leaderlessSince().orElse(s.now().monotonicNanos());
        return !s.paused() && s.now().since(since).compareTo(s.settings().ttl()) > 0;
    }

    private static Optional<Decision> asCandidate(Situation s, Versioned<FailoverRequest> order) {
        FailoverRequest request = order.value();
        // Who orders a failover to a certain node takes what it has. A switchover loses nothing.
        if (request.isSwitchover() && !hasAll(s, position(s))) {
            return wait(request, s, lacking(s));
        }
        Optional<String> doubt = s.paused() ? formerLeaderMayRun(s, request) : Optional.empty();
        return doubt.isPresent()
                ? wait(request, s, doubt.get())
                : take(s, order, "I am (%s), the candidate".formatted(s.me()));
    }

    private static Optional<Decision> asOther(Situation s, Versioned<FailoverRequest> order) {
        FailoverRequest request = order.value();
        String prefix = "";
        if (request.candidate().isPresent()) {
            String candidate = request.candidate().get();
            Optional<PeerAnswer> asked = s.node().peers().answers().stream()
                    .filter(a -> a.name().value().equals(candidate))
                    .findFirst();
            String limitation = asked.map(a -> limitation(a).orElse("")).orElse("not reachable");
            if (limitation.isEmpty()) {
                return s.waitBecause("%s: to %s, i am %s".formatted(request.words(), candidate, s.me()), SOON);
            }
            prefix = "member %s is %s; ".formatted(candidate, limitation);
        }
        if (!hasAll(s, position(s))) {
            return wait(request, s, prefix + lacking(s));
        }
        if (request.isFrom(s.me())) {
            Optional<PeerAnswer> fit = s.node().peers().answers().stream()
                    .filter(a -> limitation(a).isEmpty()
                            && !request.names(a.name())
                            && a.timeline().equals(s.postgres().wal().timeline())
                            && hasAll(s, a.position()))
                    .findFirst();
            return fit.isPresent()
                    ? wait(
                            request,
                            s,
                            prefix
                                    + "I am the former leader, and %s is fit"
                                            .formatted(fit.get().name()))
                    : take(s, order, prefix + "I am (%s), the former leader, and nobody else is fit".formatted(s.me()));
        }
        Optional<String> better = s.node().peers().answers().stream()
                .filter(a -> !request.isFrom(a.name()))
                .map(a -> Election.better(s, a))
                .flatMap(Optional::stream)
                .findFirst();
        return better.isPresent()
                ? wait(request, s, prefix + better.get())
                : take(s, order, prefix + "I am (%s), the most advanced".formatted(s.me()));
    }

    private static Optional<Decision> take(Situation s, Versioned<FailoverRequest> order, String why) {
        return s.then(
                new Action.AcquireLeadership(),
                "acquiring the leader key: %s: %s".formatted(order.value().words(), why),
                // A promotion that failed once, under another key, says nothing of this one.
                s.memory()
                        .change()
                        .noFailure(TaskKind.PROMOTE)
                        .tookFor(Optional.of(order.version()))
                        .done());
    }

    private static Optional<Decision> wait(FailoverRequest request, Situation s, String why) {
        return s.waitBecause(
                "%s: following a different leader because i am not the healthiest node: %s"
                        .formatted(request.words(), why),
                SOON);
    }

    private static Optional<Lsn> position(Situation s) {
        return s.postgres().wal().position();
    }

    /** All that the last leader is known to have written; after a hand-over that is all there is. */
    private static boolean hasAll(Situation s, Optional<Lsn> position) {
        return s.cluster()
                .optime()
                .map(last -> position.map(p -> !last.isAfter(p)).orElse(false))
                .orElse(true);
    }

    private static String lacking(Situation s) {
        return "I have no more than %s, and the last leader had %s"
                .formatted(
                        position(s).map(Lsn::toString).orElse("nothing"),
                        s.cluster().optime().map(Lsn::toString).orElse("an unknown position"));
    }

    /**
     * In pause no guard ended the primary whose key went. So either a person knew that when they gave the order, for there was
     * no leader then; or the former leader itself must be known to be down.
     */
    private static Optional<String> formerLeaderMayRun(Situation s, FailoverRequest request) {
        Optional<NodeName> ledThen = s.memory().request().flatMap(r -> r.leader());
        boolean orderedWithoutLeader = ledThen.isEmpty()
                && s.memory()
                        .request()
                        .map(r -> r.sinceNanos() - s.memory().leaderlessSince().orElse(r.sinceNanos()) > 0)
                        .orElse(false);
        if (orderedWithoutLeader && !request.isSwitchover()) {
            return Optional.empty();
        }
        Optional<String> former = request.leader().or(() -> ledThen.map(NodeName::value));
        if (former.isEmpty()) {
            return Optional.of("in pause, and who led before is not known here: order it once more");
        }
        boolean answersAsReplica = s.node().peers().answers().stream()
                .anyMatch(a -> a.name().value().equals(former.get()) && a.reachable() && !a.writable());
        boolean saysDown = s.cluster().members().stream()
                .anyMatch(m -> m.name().value().equals(former.get()) && DOWN.contains(m.state()));
        return answersAsReplica || saysDown
                ? Optional.empty()
                : Optional.of("in pause, and the former leader %s is not known to be down".formatted(former.get()));
    }
}
