package org.pgregent.core.rules;

import java.time.Duration;
import java.util.Optional;
import org.pgregent.core.decide.Action;
import org.pgregent.core.decide.Decision;
import org.pgregent.core.decide.Situation;
import org.pgregent.core.model.TaskKind;

/** Whoever may not write, stops. These rules come before all others. */
final class Fencing {

    private Fencing() {}

    static Optional<Decision> leaseEnding(Situation s) {
        if (s.paused() || !s.node().mayBeWritable() || s.node().isRunning(TaskKind.STOP)) {
            return Optional.empty();
        }
        if (s.memory().mustStop()) {
            return s.start(
                    new Action.StopPostgres(true),
                    "PostgreSQL still runs after it lost its right to write: stopping it"
                            + s.lastFailure(TaskKind.STOP));
        }
        if (s.leaseHasTime() && (s.cluster().reachable() || s.iLedBeforeTheOutage())) {
            return Optional.empty();
        }
        if (s.lease().lost() && storeWasWiped(s)) {
            // The store forgot everybody, not just us: nobody else can have been made leader by it unless the guard's
            // time is
            // up. Until then this primary may register again, as if its agent had just begun.
            return s.then(
                    new Action.Wait(),
                    "the store has lost all its data; registering this primary again",
                    s.memory().change().neverLed().done());
        }
        if (s.stillAdopting()) {
            return Optional.empty();
        }
        if (s.lease().lost()) {
            return s.start(
                    new Action.StopPostgres(true),
                    "demoted self because failed to update leader lock in DCS",
                    s.memory().change().mustStop(true).done());
        }
        String why = s.cluster().reachable()
                ? "demoted self because the lease is over"
                : "demoted self because DCS is not accessible and I was a leader";
        return s.start(
                new Action.StopPostgres(!beforeTheGuardActs(s)),
                why,
                s.memory()
                        .change()
                        .mustStop(true)
                        .outageStopped(!s.cluster().reachable())
                        .done());
    }

    private static boolean storeWasWiped(Situation s) {
        return s.cluster().reachable()
                && s.cluster().isBlank()
                && s.postgres().isPrimary()
                && s.node().guard().isArmed()
                && !s.now()
                        .isAtOrAfter(s.node().guard().deadlineNanos().orElseThrow()
                                - s.times().stopMargin().toNanos());
    }

    /** A fast stop writes a checkpoint; it is worth beginning only while the guard leaves it the time. */
    private static boolean beforeTheGuardActs(Situation s) {
        return s.lease()
                .deadlineNanos()
                .map(d -> !s.now().isAtOrAfter(d - s.times().killMargin().toNanos()))
                .orElse(false);
    }

    static Optional<Decision> anotherLeads(Situation s) {
        if (s.paused()
                || !(s.anotherLeads() || s.namesakeLeads())
                || !s.node().mayBeWritable()
                || s.node().isRunning(TaskKind.STOP)) {
            return Optional.empty();
        }
        return s.start(
                new Action.StopPostgres(true),
                "demoting self because I do not have the lock and I was a leader"
                        + (s.namesakeLeads() ? ": another agent goes under the name " + s.me() : ""),
                s.memory().change().mustStop(true).done());
    }

    /**
     * In pause a primary without the key goes on; but nobody becomes one. Another node may have been named meanwhile, and what
     * is asked to promote does so whenever it is ready.
     */
    static Optional<Decision> becomingPrimaryInPause(Situation s) {
        boolean becoming = s.node().promotionAsked()
                || s.node()
                        .runningTask()
                        .map(task -> task.kind().makesWritable())
                        .orElse(false);
        if (!s.paused()
                || !becoming
                || !s.cluster().reachable()
                || s.cluster().systemId().isEmpty()
                || s.iLead()
                || s.postgres().isPrimary()
                || s.postgres().isStopped() && !s.busy()
                || s.node().isRunning(TaskKind.STOP)) {
            return Optional.empty();
        }
        return s.start(
                new Action.StopPostgres(true),
                "paused, and PostgreSQL was becoming primary without the leader key: stopping it",
                s.memory().change().mustStop(true).done());
    }

    static Optional<Decision> foreignSystemId(Situation s) {
        if (!s.systemIdMismatch()) {
            return Optional.empty();
        }
        String ids = s.postgres().systemId().orElseThrow() + " != "
                + s.cluster().systemId().orElseThrow();
        if (s.paused()) {
            return s.iLead()
                    ? s.then(
                            new Action.ReleaseLeadership(Optional.empty()),
                            "released leader key voluntarily due to the system ID mismatch")
                    : s.waitBecause("system ID has changed while in paused mode: " + ids);
        }
        if (!s.postgres().isStopped()) {
            return s.node().isRunning(TaskKind.STOP)
                    ? Optional.empty()
                    : s.start(new Action.StopPostgres(false), "stopping: system ID mismatch: " + ids);
        }
        if (s.iLead()) {
            return s.then(
                    new Action.ReleaseLeadership(Optional.empty()),
                    "released leader key voluntarily due to the system ID mismatch");
        }
        return s.then(
                new Action.End(
                        1,
                        "system ID mismatch, node %s belongs to a different cluster: %s. Nothing was changed. Point data_dir at the"
                                        .formatted(s.me(), ids)
                                + " folder of this cluster, give this node an empty one, or use another scope."),
                "system ID mismatch, node " + s.me() + " belongs to a different cluster: " + ids);
    }

    /** A half-understood mode loses data quietly; no leader at all is noticed. */
    static Optional<Decision> unsupportedMode(Situation s) {
        if (s.settings().unsupported().isEmpty() || s.paused() || !s.iLead()) {
            return Optional.empty();
        }
        String why = "%s in the dynamic configuration cannot be honoured by this version, so this node does not lead"
                .formatted(String.join(", ", s.settings().unsupported()));
        if (!s.postgres().isStopped() && s.node().mayBeWritable()) {
            return s.node().isRunning(TaskKind.STOP)
                    ? Optional.empty()
                    : s.start(stopHarderAfterFailure(s), "demoting self: " + why + s.lastFailure(TaskKind.STOP));
        }
        return s.busy() ? Optional.empty() : s.then(new Action.ReleaseLeadership(lastPosition(s)), why);
    }

    /** What hangs, such as an archive_command, would hold up a second fast stop too, with the key in hand all the while. */
    private static Action.StopPostgres stopHarderAfterFailure(Situation s) {
        return new Action.StopPostgres(s.memory().failure(TaskKind.STOP).isPresent());
    }

    static Optional<org.pgregent.core.model.Lsn> lastPosition(Situation s) {
        return s.postgres().control().filter(c -> c.state().equals("shut down")).map(c -> c.checkpoint());
    }

    static Optional<Decision> guardToDisarm(Situation s) {
        if (!s.node().guard().isArmed()) {
            return Optional.empty();
        }
        if (s.paused()) {
            return s.guardedInPause()
                    ? Optional.empty()
                    : s.then(new Action.DisarmGuard(), "paused: the guard is disarmed");
        }
        if (!s.hasData() && !s.memory().everLed() && !deadlinePassed(s)) {
            // A former process armed it, and only it knows the folder that was here then: a server may work in that
            // yet.
            return s.waitBecause(
                    "the data folder is not there, and the guard of a former process has a deadline: waiting for that",
                    Duration.ofSeconds(1));
        }
        boolean leads = s.leaseHasTime() && (s.iLead() || s.iLedBeforeTheOutage());
        if (leads || s.node().mayBeWritable() || s.node().isRunning(TaskKind.STOP)) {
            return Optional.empty();
        }
        return s.then(
                new Action.DisarmGuard(),
                "PostgreSQL takes no writes and this node does not lead: the guard is disarmed");
    }

    private static boolean deadlinePassed(Situation s) {
        return s.now().isAtOrAfter(s.node().guard().deadlineNanos().orElseThrow());
    }

    static Optional<Decision> guardLost(Situation s) {
        boolean leads = s.iLead() || s.iLedBeforeTheOutage();
        if (s.paused() || s.node().guard().alive() || !leads || s.node().isRunning(TaskKind.STOP)) {
            return Optional.empty();
        }
        if (s.memory().guardTried().isEmpty()) {
            return s.then(
                    new Action.RestartGuard(),
                    "the guard is gone: starting another",
                    s.memory()
                            .change()
                            .guardTried(Optional.of(s.now().monotonicNanos()))
                            .done());
        }
        if (s.node().mayBeWritable()) {
            return s.start(
                    stopHarderAfterFailure(s),
                    "demoting self because the guard cannot be started" + s.lastFailure(TaskKind.STOP));
        }
        if (s.iLead()) {
            return s.then(
                    new Action.ReleaseLeadership(lastPosition(s)),
                    "not promoting self because the guard cannot be started",
                    s.memory()
                            .change()
                            .noRaceUntil(Optional.of(s.now().monotonicNanos()
                                    + s.settings().ttl().toNanos()))
                            .done());
        }
        return Optional.empty();
    }

    /** A guard that was just started knows no deadline; with the store away no renewal will tell it one. */
    static Optional<Decision> guardUnarmed(Situation s) {
        if (s.paused()
                || !s.node().guard().alive()
                || s.node().guard().isArmed()
                || !s.iLedBeforeTheOutage()
                || !s.leaseHasTime()
                || !s.node().mayBeWritable()) {
            return Optional.empty();
        }
        return s.then(
                new Action.ArmGuard(), "the guard knows no deadline: telling it the one of the lease as last renewed");
    }

    /**
     * Whoever may have to lead has a guard standing by, so that a promotion need not wait for it. Early in the book, and in
     * pause too: a guard that a former process of this agent left keeps its deadline, and kills every PostgreSQL started here,
     * a replica as well, until somebody talks to it again.
     */
    static Optional<Decision> noGuard(Situation s) {
        boolean triedNow = s.memory()
                .guardTried()
                .map(t -> s.now().since(t).compareTo(s.settings().loopWait()) < 0)
                .orElse(false);
        if (s.node().guard().alive() || triedNow) {
            return Optional.empty();
        }
        return s.then(
                new Action.RestartGuard(),
                "no guard answers: taking over the one of a former process, or starting one",
                s.memory()
                        .change()
                        .guardTried(Optional.of(s.now().monotonicNanos()))
                        .done());
    }
}
