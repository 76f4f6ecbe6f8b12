package org.pgregent.core.rules;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.pgregent.core.decide.Action;
import org.pgregent.core.decide.Decision;
import org.pgregent.core.decide.Memory;
import org.pgregent.core.decide.Memory.Handover.Phase;
import org.pgregent.core.decide.Situation;
import org.pgregent.core.model.FailoverRequest;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.PostgresView.Control;
import org.pgregent.core.model.TaskKind;
import org.pgregent.core.model.Versioned;

/**
 * The leader's part of a switchover or manual failover: a checkpoint, a fast stop, the wait until somebody fit has received the
 * checkpoint of that stop, and only then the key. Until the key is released all of it can be taken back.
 */
final class Handover {

    private static final Duration SOON = Duration.ofMillis(50);

    /** Whoever takes over does so within this time, and then this node can follow at once, without a start in between. */
    private static final Duration SUCCESSOR = Duration.ofSeconds(2);

    /** Nobody else has all that this node has, so it is not given up after one bad moment. */
    private static final int STARTS_MAX = 3;

    private Handover() {}

    // --- before anything is done -----------------------------------------------------------------------------------

    static Optional<Decision> requested(Situation s) {
        Optional<Versioned<FailoverRequest>> asked = s.request();
        if (!s.iLead() || !s.postgres().isPrimary() || asked.isEmpty()) {
            return Optional.empty();
        }
        FailoverRequest request = asked.get().value();
        if (request.scheduledAt().isPresent()) {
            return scheduled(s, request, asked.get().version());
        }
        Optional<String> refusal = refusal(s, request);
        if (refusal.isPresent()) {
            return clear(s, refusal.get());
        }
        List<NodeName> candidates = Successor.candidates(s, request);
        if (candidates.isEmpty()) {
            return clear(s, nobody(request, "no member that may lead was found"));
        }
        if (s.isHandingOver(Phase.CHECKPOINT)
                && s.memory().failure(TaskKind.CHECKPOINT).isPresent()) {
            return clear(s, request.words() + ": the checkpoint failed" + s.lastFailure(TaskKind.CHECKPOINT));
        }
        if (!fresh(s) || !Successor.haveAnswered(s, candidates)) {
            return ask(s, request, candidates, s.memory());
        }
        List<String> unfit = new ArrayList<>();
        for (NodeName candidate : candidates) {
            Optional<String> why = Successor.unfit(s, Successor.answer(s, candidate));
            if (why.isEmpty()) {
                return go(s, request);
            }
            unfit.add(why.get());
        }
        return clear(s, nobody(request, String.join(", ", unfit)));
    }

    /** The time may be there, or have been missed; in pause it has to wait. The wait itself is {@link #awaiting}. */
    private static Optional<Decision> scheduled(Situation s, FailoverRequest request, String version) {
        String at = request.scheduledAt().orElseThrow();
        if (s.paused()) {
            return Optional.empty();
        }
        Optional<Instant> due = request.dueAt();
        if (due.isEmpty()) {
            return clear(s, "Found a switchover value whose time cannot be read, cleaning up: " + at);
        }
        Duration left = Duration.between(s.now().wall(), due.get());
        Duration stale = s.settings().loopWait().multipliedBy(3).dividedBy(2);
        if (left.plus(stale).isNegative()) {
            return clear(s, "Found a stale switchover value, cleaning up: " + at);
        }
        return left.compareTo(Duration.ZERO) > 0
                ? Optional.empty()
                : s.then(
                        new Action.RewriteFailover(request.withoutSchedule(), version),
                        "Manual scheduled switchover at " + at);
    }

    static Optional<Decision> awaiting(Situation s) {
        Optional<FailoverRequest> request =
                s.request().map(Versioned::value).filter(r -> r.scheduledAt().isPresent());
        Optional<Instant> due = request.flatMap(FailoverRequest::dueAt);
        if (!s.iLead() || s.paused() || !s.postgres().isPrimary() || due.isEmpty()) {
            return Optional.empty();
        }
        Duration left = Duration.between(s.now().wall(), due.get());
        String because = String.format(
                Locale.ROOT,
                "Awaiting switchover at %s (in %.0f seconds)",
                request.get().scheduledAt().orElseThrow(),
                left.toMillis() / 1000.0);
        Duration wait = left.compareTo(s.settings().loopWait()) < 0
                ? left
                : s.settings().loopWait();
        return s.waitBecause(because, wait.isNegative() ? Duration.ZERO : wait);
    }

    private static Optional<String> refusal(Situation s, FailoverRequest request) {
        String words = request.words();
        if (s.memory().tookFor().equals(s.request().map(Versioned::version))) {
            return Optional.of("%s: ended, I am (%s), the leader".formatted(words, s.me()));
        }
        if (request.leader().isPresent() && !request.isFrom(s.me())) {
            return Optional.of("%s: leader name does not match: %s != %s"
                    .formatted(words, request.leader().get(), s.me()));
        }
        if (request.names(s.me())) {
            return Optional.of("%s: I am already the leader, no need to %s".formatted(words, request.verb()));
        }
        if (s.paused() && request.candidate().isEmpty()) {
            return Optional.of(words + ": is possible only to a specific candidate in a paused state");
        }
        return Optional.empty();
    }

    private static String nobody(FailoverRequest request, String why) {
        return "%s: no healthy members found, %s is not possible: %s".formatted(request.words(), request.verb(), why);
    }

    private static Optional<Decision> clear(Situation s, String why) {
        return s.then(
                new Action.ClearFailover(s.request().orElseThrow().version()),
                why,
                s.memory().change().handover(Optional.empty()).done());
    }

    private static Optional<Decision> ask(Situation s, FailoverRequest request, List<NodeName> whom, Memory next) {
        if (s.node().peers().pending()) {
            return s.thenSoon(request.words() + ": waiting for the members' answers", next, SOON);
        }
        return s.then(new Action.AskPeers(whom), request.words() + ": asking how far they are: " + whom, next);
    }

    /** A checkpoint first, so that the one of the shutdown, during which nobody can write, has little to do. */
    private static Optional<Decision> go(Situation s, FailoverRequest request) {
        Memory.Draft next = s.memory().change();
        if (!s.isHandingOver(Phase.CHECKPOINT)) {
            return s.start(
                    new Action.Checkpoint(),
                    request.words() + ": writing a checkpoint before stopping",
                    next.noFailure(TaskKind.CHECKPOINT)
                            .handover(phase(s, Phase.CHECKPOINT))
                            .done());
        }
        return s.start(
                new Action.StopPostgres(false),
                request.words() + ": demoting myself",
                // What failed before this hand-over must not be taken for a failure of taking it back.
                next.noFailure(TaskKind.STOP)
                        .noFailure(TaskKind.START_PRIMARY)
                        .handover(phase(s, Phase.STOP))
                        .done());
    }

    private static Optional<Memory.Handover> phase(Situation s, Phase phase) {
        return Optional.of(Successor.phase(s, phase, s.request().map(Versioned::version)));
    }

    // --- after the stop was asked for --------------------------------------------------------------------------------

    /**
     * From the moment pg_control says "shut down" nothing is written any more, though the postmaster may yet be busy sending and
     * archiving: that is early enough to hand over.
     */
    static Optional<Decision> stopped(Situation s) {
        Optional<Memory.Handover> handover =
                s.memory().handover().filter(h -> h.phase() == Phase.STOP || h.phase() == Phase.CONFIRM);
        if (handover.isEmpty() || !s.iLead() || s.node().shutdownRequested()) {
            return Optional.empty();
        }
        boolean stopping = s.node().isRunning(TaskKind.STOP);
        if (!stopping && !s.postgres().isStopped()) {
            return notStopping(s);
        }
        Optional<Control> end = Successor.end(s, handover);
        if (end.isEmpty()) {
            return stopping ? Optional.empty() : takeBack(s, "PostgreSQL did not end cleanly");
        }
        Optional<FailoverRequest> request = s.order()
                .filter(r -> r.version().equals(handover.get().version()))
                .map(Versioned::value);
        if (request.isEmpty()) {
            return stopping ? Optional.empty() : takeBack(s, "the request was withdrawn");
        }
        return confirm(s, handover.get(), request.get(), end.get());
    }

    private static Optional<Decision> confirm(
            Situation s, Memory.Handover handover, FailoverRequest request, Control end) {
        List<NodeName> candidates = Successor.candidates(s, request);
        Optional<NodeName> successor = fresh(s) ? Successor.whole(s, candidates, end) : Optional.empty();
        if (successor.isPresent()) {
            return s.then(
                    new Action.HandOver(end.checkpoint(), Successor.statusVersion(s)),
                    "%s: %s has all up to the shutdown checkpoint at %s: releasing the leader key"
                            .formatted(request.words(), successor.get(), end.checkpoint()),
                    s.memory()
                            .change()
                            .handedOver(Optional.of(s.now().monotonicNanos()))
                            .done());
        }
        if (handover.phase() == Phase.CONFIRM
                && s.now().since(handover.sinceNanos()).compareTo(Successor.PATIENCE) > 0) {
            return takeBack(
                    s,
                    "within %d s no member could show that it has the shutdown checkpoint at %s"
                            .formatted(Successor.PATIENCE.toSeconds(), end.checkpoint()));
        }
        Memory next = handover.phase() == Phase.STOP
                ? s.memory().change().handover(phase(s, Phase.CONFIRM)).done()
                : s.memory();
        return candidates.isEmpty() || Successor.wereJustAsked(s)
                ? s.thenSoon(request.words() + ": waiting until a member has the shutdown checkpoint", next, SOON)
                : ask(s, request, candidates, next);
    }

    /** Asked after the request was seen, and moments ago. */
    private static boolean fresh(Situation s) {
        return s.memory()
                .request()
                .map(r -> s.node().peers().countFor(r.sinceNanos(), s.now()))
                .orElse(false);
    }

    private static Optional<Decision> notStopping(Situation s) {
        String why = "PostgreSQL did not stop" + s.lastFailure(TaskKind.STOP);
        if (s.postgres().isPrimary()) {
            return s.request().isPresent()
                    ? clear(s, s.request().get().value().words() + ": " + why)
                    : s.thenSoon(
                            "handing over: " + why + ", and nobody asks for it any more",
                            s.memory().change().handover(Optional.empty()).done(),
                            SOON);
        }
        // It cannot be told to go on: it is ended for good and started again.
        return s.start(
                new Action.StopPostgres(true),
                "handing over: " + why + ": ending it at once",
                s.memory().change().handover(phase(s, Phase.TAKE_BACK)).done());
    }

    // --- back again ------------------------------------------------------------------------------------------------

    private static Optional<Decision> takeBack(Situation s, String why) {
        Memory next = s.memory().change().handover(phase(s, Phase.TAKE_BACK)).done();
        String because = "taking the hand-over back: " + why;
        return s.postgres().isStopped()
                ? takenBack(s, next, because)
                : s.start(new Action.StopPostgres(true), because, next);
    }

    /** Nobody else can have become primary, for the key was never released: this node is what it was. */
    static Optional<Decision> takenBack(Situation s) {
        if (!s.isHandingOver(Phase.TAKE_BACK)
                || !s.iLead()
                || s.busy()
                || !s.postgres().isStopped()) {
            return Optional.empty();
        }
        return takenBack(s, s.memory(), "taking the hand-over back");
    }

    private static Optional<Decision> takenBack(Situation s, Memory next, String why) {
        String version = next.handover().orElseThrow().version();
        boolean stillAsked = s.request().map(r -> r.version().equals(version)).orElse(false);
        if (stillAsked) {
            return s.then(new Action.ClearFailover(version), why, next);
        }
        int failed = s.memory()
                .failure(TaskKind.START_PRIMARY)
                .map(Memory.Failure::times)
                .orElse(0);
        if (failed < STARTS_MAX && s.backingOff(TaskKind.START_PRIMARY)) {
            return s.thenSoon(
                    why + ": waiting before the next try" + s.lastFailure(TaskKind.START_PRIMARY), next, SOON);
        }
        if (failed >= STARTS_MAX) {
            return s.then(
                    new Action.Wait(),
                    why + ": PostgreSQL does not start" + s.lastFailure(TaskKind.START_PRIMARY),
                    next.change().handover(Optional.empty()).done());
        }
        return s.guardCovers()
                ? s.start(new Action.StartPrimary(), why + ": starting as primary again", next)
                : s.thenSoon(why + ": waiting for the guard to have the deadline", next, SOON);
    }

    // --- after the key is released -----------------------------------------------------------------------------------

    static Optional<Decision> handedOver(Situation s) {
        boolean justNow = s.memory()
                .handedOver()
                .map(at -> s.now().since(at).compareTo(SUCCESSOR) < 0)
                .orElse(false);
        return justNow && s.nobodyLeads() && s.postgres().isStopped()
                ? s.waitBecause("handed over: waiting for the next leader", SOON)
                : Optional.empty();
    }
}
