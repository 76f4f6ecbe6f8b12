package org.pgregent.core.rules;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.pgregent.core.decide.Action;
import org.pgregent.core.decide.Decision;
import org.pgregent.core.decide.Memory;
import org.pgregent.core.decide.Memory.Handover.Phase;
import org.pgregent.core.decide.Situation;
import org.pgregent.core.model.FailoverRequest;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.MemberView;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.PostgresView.Control;
import org.pgregent.core.model.TaskKind;

/**
 * A clean end: PostgreSQL down first, then the key, and that only once a member has the checkpoint of the shutdown. If none can
 * show that it has, the key stays until the lease runs out: this node alone has everything, and when its agent comes back in
 * time it goes on where it was. Where nobody else may lead there is nobody to wait for.
 */
final class Shutdown {

    /** After so many failed stops in a row the agent leaves PostgreSQL to the guard and the operator. */
    private static final int STOPS_MAX = 3;

    private static final Duration SOON = Duration.ofMillis(50);

    private Shutdown() {}

    static Optional<Decision> requested(Situation s) {
        if (!s.node().shutdownRequested()) {
            return Optional.empty();
        }
        if (s.paused()) {
            return s.then(
                    new Action.End(0, "Leader key is not deleted and Postgresql is not stopped due paused state"),
                    "ending; paused, so PostgreSQL and the leader key stay as they are");
        }
        boolean stopping = s.node().isRunning(TaskKind.STOP);
        if (!stopping && (!s.postgres().isStopped() || s.busy())) {
            return stop(s);
        }
        Optional<Decision> handOver = s.iLead() ? handOver(s, stopping) : Optional.empty();
        if (handOver.isPresent()) {
            return handOver;
        }
        if (stopping) {
            return s.waitBecause("ending: PostgreSQL is stopping", Duration.ofMillis(500));
        }
        if (s.iLedBeforeTheOutage()) {
            return storeAway(s);
        }
        return s.iLead()
                ? s.then(
                        new Action.ReleaseLeadership(Fencing.lastPosition(s)),
                        "ending: PostgreSQL is stopped, releasing the leader key")
                : s.then(new Action.End(0, "PostgreSQL is stopped, this agent ends"), "ending: PostgreSQL is stopped");
    }

    /** Often it is back in a moment, and then whoever is next need not wait for the end of the lease. */
    private static Optional<Decision> storeAway(Situation s) {
        String waiting = "ending: waiting for the store, to hand over";
        if (s.isHandingOver(Phase.STOP)) {
            return s.thenSoon(waiting, confirming(s), SOON);
        }
        boolean patient = s.memory()
                .handover()
                .map(h -> s.now().since(h.sinceNanos()).compareTo(Successor.PATIENCE) <= 0)
                .orElse(false);
        return patient && s.leaseHasTime()
                ? s.waitBecause(waiting, Duration.ofMillis(200))
                : s.then(
                        new Action.End(
                                0, "Leader key is not deleted and runs out with its lease: the store does not answer"),
                        "ending: the store does not answer: leaving the leader key to its lease");
    }

    private static Memory confirming(Situation s) {
        return s.memory()
                .change()
                .handover(Optional.of(Successor.phase(s, Phase.CONFIRM, Optional.empty())))
                .done();
    }

    private static Optional<Decision> stop(Situation s) {
        int failed = s.memory().failure(TaskKind.STOP).map(f -> f.times()).orElse(0);
        if (failed >= STOPS_MAX) {
            return s.then(
                    new Action.End(0, "PostgreSQL shutdown failed, leader key not removed."),
                    "ending although PostgreSQL does not stop" + s.lastFailure(TaskKind.STOP));
        }
        Memory next = s.iLead() && s.postgres().isPrimary()
                ? s.memory()
                        .change()
                        .noFailure(TaskKind.START_PRIMARY)
                        .handover(Optional.of(Successor.phase(s, Phase.STOP, Optional.empty())))
                        .done()
                : s.memory();
        return s.start(
                new Action.StopPostgres(false), "ending: stopping PostgreSQL" + s.lastFailure(TaskKind.STOP), next);
    }

    /** Empty if there is nothing yet, or nobody, to wait for. */
    private static Optional<Decision> handOver(Situation s, boolean stopping) {
        List<NodeName> candidates = Successor.candidates(s, FailoverRequest.NONE);
        boolean wrote = s.postgres().control().map(Control::wasPrimary).orElse(false);
        boolean waiting = s.isHandingOver(Phase.CONFIRM);
        if (!wrote || candidates.isEmpty() && !waiting) {
            return Optional.empty();
        }
        Optional<Control> end = Successor.end(s, s.memory().handover());
        if (end.isEmpty()) {
            return stopping ? Optional.empty() : keepTheKey(s, Optional.empty(), "PostgreSQL did not end cleanly");
        }
        Optional<Memory.Handover> confirming = s.memory().handover().filter(h -> h.phase() == Phase.CONFIRM);
        if (confirming.isEmpty()) {
            return ask(s, candidates, confirming(s));
        }
        boolean answered = s.node().peers().countFor(confirming.get().sinceNanos(), s.now());
        Optional<NodeName> successor = answered ? Successor.whole(s, candidates, end.get()) : Optional.empty();
        if (successor.isPresent()) {
            return s.then(
                    new Action.HandOver(end.get().checkpoint(), Successor.statusVersion(s)),
                    "ending: %s has all up to the shutdown checkpoint at %s: releasing the leader key"
                            .formatted(successor.get(), end.get().checkpoint()));
        }
        Duration waited = s.now().since(confirming.get().sinceNanos());
        if (!stopping && (waited.compareTo(Successor.PATIENCE) > 0 || !anyRuns(s, candidates))) {
            return keepTheKey(
                    s,
                    end.map(Control::checkpoint),
                    "no member could show that it has the shutdown checkpoint at "
                            + end.get().checkpoint());
        }
        return ask(s, candidates, s.memory());
    }

    /** By their own account; whoever says that it does not cannot have received the last record. */
    private static boolean anyRuns(Situation s, List<NodeName> candidates) {
        return candidates.stream()
                .flatMap(name -> s.cluster().member(name).stream())
                .anyMatch(MemberView::isRunning);
    }

    private static Optional<Decision> ask(Situation s, List<NodeName> candidates, Memory next) {
        String waiting = "ending: waiting until a member has the shutdown checkpoint";
        return candidates.isEmpty() || s.node().peers().pending() || Successor.wereJustAsked(s)
                ? s.thenSoon(waiting, next, SOON)
                : s.then(new Action.AskPeers(candidates), waiting, next);
    }

    /** Whoever leads next if this node does not come back is measured by how far it was. */
    private static Optional<Decision> keepTheKey(Situation s, Optional<Lsn> last, String why) {
        boolean tried = s.memory()
                .handover()
                .map(h -> s.now().since(h.sinceNanos()).compareTo(Successor.PATIENCE.multipliedBy(2)) > 0)
                .orElse(false);
        if (last.isPresent() && !last.equals(s.cluster().optime()) && !tried) {
            return s.then(
                    new Action.RecordPosition(last.get(), Successor.statusVersion(s)),
                    "ending: %s; recording how far this node is".formatted(why));
        }
        return s.then(
                new Action.End(0, "Leader key is not deleted and runs out with its lease: " + why),
                "ending: %s: leaving the leader key to its lease, for this node has what nobody else has"
                        .formatted(why));
    }
}
