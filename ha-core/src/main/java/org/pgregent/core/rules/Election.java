package org.pgregent.core.rules;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.pgregent.core.decide.Action;
import org.pgregent.core.decide.Decision;
import org.pgregent.core.decide.Situation;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.MemberView;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.PeerAnswers.PeerAnswer;
import org.pgregent.core.model.TaskKind;
import org.pgregent.core.model.Timeline;
import org.pgregent.core.model.Versioned;

/** Nobody leads. */
final class Election {

    private static final Duration SOON = Duration.ofSeconds(1);

    private Election() {}

    /** It lost nobody's data yet, so it goes first; unless history went on without it. */
    static Optional<Decision> primaryWithoutLeader(Situation s) {
        if (!s.nobodyLeads() || !s.postgres().isPrimary() || s.busy()) {
            return Optional.empty();
        }
        if (s.behindTheClusterTimeline()) {
            String why = "My timeline %s is behind last known cluster timeline %s"
                    .formatted(
                            s.postgres().wal().timeline().orElseThrow(),
                            s.cluster().timeline().orElseThrow());
            return s.paused() ? s.waitBecause(why) : s.start(new Action.StopPostgres(true), "demoting self: " + why);
        }
        if (!s.leaseHasTime()) {
            return s.waitBecause("running as primary without a leader; waiting for a lease", Duration.ofMillis(200));
        }
        Optional<Decision> barred = s.paused() ? Optional.empty() : barred(s);
        if (barred.isPresent()) {
            return s.start(
                    new Action.StopPostgres(false),
                    "demoting self: " + barred.get().because());
        }
        return s.then(new Action.AcquireLeadership(), "acquired session lock as a leader");
    }

    static Optional<Decision> notAllowed(Situation s) {
        if (!s.nobodyLeads() || !s.postgres().isReplica()) {
            return Optional.empty();
        }
        if (s.paused() && !s.isAskedToLead()) {
            return s.waitBecause("no leader, and nothing is promoted in pause");
        }
        return barred(s);
    }

    private static Optional<Decision> barred(Situation s) {
        if (!s.settings().unsupported().isEmpty()) {
            return s.waitBecause(
                    "not racing for leadership: %s in the dynamic configuration cannot be honoured by this version"
                            .formatted(String.join(", ", s.settings().unsupported())));
        }
        if (s.node().tags().noFailover()) {
            return s.waitBecause("following a different leader because I am not allowed to promote");
        }
        if (s.cluster().systemId().isEmpty()) {
            return s.waitBecause(
                    "not racing for leadership before the initialize key holds the system identifier", SOON);
        }
        boolean resting = s.memory()
                .noRaceUntil()
                .map(until -> !s.now().isAtOrAfter(until))
                .orElse(false);
        // Whoever is named by hand is wanted, and others wait for it.
        if (resting && s.cluster().members().size() > 1 && !s.isAskedToLead()) {
            return s.waitBecause("not racing for leadership: this node gave it up a moment ago", SOON);
        }
        if (!s.leaseHasTime()) {
            return s.waitBecause("not racing for leadership without a lease", Duration.ofMillis(200));
        }
        if (!s.node().guard().alive()) {
            return s.memory()
                            .guardTried()
                            .map(t -> s.now().since(t).compareTo(SOON) < 0)
                            .orElse(false)
                    ? s.waitBecause("not racing for leadership without a guard", SOON)
                    : s.then(
                            new Action.RestartGuard(),
                            "not racing for leadership without a guard: starting one",
                            s.memory()
                                    .change()
                                    .guardTried(Optional.of(s.now().monotonicNanos()))
                                    .done());
        }
        return Optional.empty();
    }

    static Optional<Decision> race(Situation s) {
        if (!s.nobodyLeads() || !s.postgres().isReplica() || s.paused()) {
            return Optional.empty();
        }
        Optional<String> unfit = unfitByItself(s);
        if (unfit.isPresent()) {
            return notHealthiest(s, unfit.get());
        }
        long since = s.memory().leaderlessSince().orElse(s.now().monotonicNanos());
        Optional<String> wiped = formerLeaseMayRun(s);
        if (wiped.isPresent()) {
            return s.waitBecause("no leader, and " + wiped.get(), SOON);
        }
        List<NodeName> others = rivals(s);
        if (!answered(s, others, since)) {
            return s.node().peers().pending()
                    ? s.waitBecause("no leader: waiting for the members' answers", Duration.ofMillis(200))
                    : s.then(
                            new Action.AskPeers(others),
                            "no leader, and no answer of a member is younger than its loss: asking " + others);
        }
        return s.node().peers().answers().stream()
                .filter(a -> others.contains(a.name()))
                .map(a -> better(s, a))
                .flatMap(Optional::stream)
                .findFirst()
                .map(reason -> notHealthiest(s, reason))
                .orElseGet(() -> s.then(
                        new Action.AcquireLeadership(),
                        winning(s, others),
                        // An order nobody could follow in time ends with this.
                        s.memory()
                                .change()
                                .noFailure(TaskKind.PROMOTE)
                                .tookFor(s.order()
                                        .filter(o -> !o.value().names(s.me()))
                                        .map(Versioned::version))
                                .done()));
    }

    /**
     * The store has lost its data, and who led with it. Its lease in the old store told nobody else: a primary may write on it
     * yet, and its agent, that would say so, may be gone.
     */
    static Optional<String> formerLeaseMayRun(Situation s) {
        Duration leaderless =
                s.now().since(s.memory().leaderlessSince().orElse(s.now().monotonicNanos()));
        return s.cluster().status().isPresent()
                        || leaderless.compareTo(s.settings().ttl()) >= 0
                ? Optional.empty()
                : Optional.of(
                        "no status key tells of a former one: not racing before a lease of it would be over, %d s more"
                                .formatted(s.settings().ttl().minus(leaderless).toSeconds()));
    }

    /** Each of them was asked, late enough and not long ago; that it could not be reached is an answer too. */
    static boolean answered(Situation s, List<NodeName> others, long since) {
        Set<NodeName> heard =
                s.node().peers().answers().stream().map(PeerAnswer::name).collect(Collectors.toSet());
        return others.isEmpty() || s.node().peers().countFor(since, s.now()) && heard.containsAll(others);
    }

    /** Those too that may not lead themselves: one of them may be the primary. */
    private static List<NodeName> rivals(Situation s) {
        return s.cluster().members().stream()
                .filter(m -> !m.name().equals(s.me()) && m.apiUrl().isPresent())
                .map(MemberView::name)
                .toList();
    }

    /**
     * The race was decided before the key was written, and a process may sleep in between while others lead and go. So what it
     * was decided on has to hold still, and to be as young as in the race, when this node becomes primary.
     *
     * @param except whose position does not count; that it is a primary does
     */
    static Optional<Decision> raceLostSince(Situation s, Predicate<NodeName> except) {
        Optional<String> unfit = unfitByItself(s);
        if (unfit.isPresent()) {
            return released(s, unfit.get());
        }
        List<NodeName> others = rivals(s);
        return askedAgain(s, others).or(() -> s.node().peers().answers().stream()
                .filter(a -> others.contains(a.name()) && !(except.test(a.name()) && !a.writable()))
                .map(a -> better(s, a))
                .flatMap(Optional::stream)
                .findFirst()
                .flatMap(reason -> released(s, reason)));
    }

    /** What these members said when the key was taken may be old by now. Empty if it is not. */
    static Optional<Decision> askedAgain(Situation s, List<NodeName> others) {
        if (answered(s, others, s.memory().startedNanos())) {
            return Optional.empty();
        }
        return s.node().peers().pending()
                ? s.waitBecause("not promoting before the members have answered", Duration.ofMillis(200))
                : s.then(
                        new Action.AskPeers(others),
                        "not promoting on old answers of the members: asking again " + others);
    }

    static Optional<Decision> released(Situation s, String reason) {
        return s.then(
                new Action.ReleaseLeadership(Optional.empty()),
                "released the leader key, i am no longer the healthiest node: " + reason);
    }

    private static String winning(Situation s, List<NodeName> others) {
        long answered = s.node().peers().answers().stream()
                .filter(PeerAnswer::reachable)
                .count();
        return "acquiring the leader key: I am (%s), the most advanced of %d members that answer of %d"
                .formatted(s.me(), answered + 1, others.size() + 1);
    }

    private static Optional<Decision> notHealthiest(Situation s, String reason) {
        return s.waitBecause("following a different leader because i am not the healthiest node: " + reason, SOON);
    }

    private static Optional<String> unfitByItself(Situation s) {
        Optional<Lsn> mine = s.postgres().wal().position();
        if (mine.isEmpty()) {
            return Optional.of("my wal position is not known");
        }
        long lag = s.cluster().optime().map(mine.get()::behind).orElse(0L);
        if (lag > s.settings().maximumLagOnFailover()) {
            return Optional.of(
                    "My wal position exceeds maximum replication lag: %d bytes behind, maximum_lag_on_failover is %d"
                            .formatted(lag, s.settings().maximumLagOnFailover()));
        }
        return cannotBePlaced(s);
    }

    /** A node that does not know where it is, or that is behind the last switch on record, is never promoted. */
    static Optional<String> cannotBePlaced(Situation s) {
        if (s.postgres().wal().position().isEmpty()) {
            return Optional.of("my wal position is not known");
        }
        if (s.postgres().wal().timeline().isEmpty()) {
            return Optional.of("Can not figure out my timeline");
        }
        // Promoting here would make a timeline that exists already, with other contents.
        return s.behindTheClusterTimeline()
                ? Optional.of("My timeline %s is behind last known cluster timeline %s"
                        .formatted(
                                s.postgres().wal().timeline().get(),
                                s.cluster().timeline().orElseThrow()))
                : Optional.empty();
    }

    /** Why this member should rather lead than this node, if it should. */
    static Optional<String> better(Situation s, PeerAnswer peer) {
        if (peer.reachable() && peer.writable()) {
            return Optional.of("Primary (%s) is still alive".formatted(peer.name()));
        }
        if (!peer.reachable() || peer.tags().noFailover() || peer.watchdogFailed()) {
            return Optional.empty();
        }
        Timeline mine = s.postgres().wal().timeline().orElseThrow();
        Timeline theirs = peer.timeline().orElse(mine);
        if (mine.isBefore(theirs)) {
            return Optional.of("Timeline %s of %s is ahead of my timeline %s".formatted(theirs, peer.name(), mine));
        }
        Lsn myPosition = s.postgres().wal().position().orElseThrow();
        Lsn theirPosition = peer.position().orElse(Lsn.ZERO);
        if (theirs.equals(mine) && theirPosition.isAfter(myPosition)) {
            return Optional.of("Wal position of %s is ahead of my wal position".formatted(peer.name()));
        }
        boolean preferred = theirs.equals(mine)
                && !theirPosition.isZero()
                && theirPosition.equals(myPosition)
                && peer.tags().failoverPriority() > s.node().tags().failoverPriority();
        return preferred
                ? Optional.of("%s has equally tolerable WAL position and priority %d, while this node has priority %d"
                        .formatted(
                                peer.name(),
                                peer.tags().failoverPriority(),
                                s.node().tags().failoverPriority()))
                : Optional.empty();
    }
}
