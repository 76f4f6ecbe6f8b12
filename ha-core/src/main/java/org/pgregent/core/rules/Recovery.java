package org.pgregent.core.rules;

import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.pgregent.core.decide.Action;
import org.pgregent.core.decide.Decision;
import org.pgregent.core.decide.Memory;
import org.pgregent.core.decide.Situation;
import org.pgregent.core.model.PostgresView.Control;
import org.pgregent.core.model.PostgresView.Process;
import org.pgregent.core.model.TaskKind;
import org.pgregent.core.model.TaskView.Divergence;
import org.pgregent.core.model.Upstream;

/** PostgreSQL is down, or not up yet. */
final class Recovery {

    private Recovery() {}

    static Optional<Decision> storeAway(Situation s) {
        if (s.cluster().reachable()) {
            return Optional.empty();
        }
        Duration soon = Duration.ofSeconds(1);
        if (s.paused()) {
            return s.waitBecause("DCS is not accessible", soon);
        }
        if (s.postgres().isPrimary() && s.leaseHasTime()) {
            return s.waitBecause(
                    "DCS is not accessible; the lease runs for %d s more, then PostgreSQL is stopped"
                            .formatted(
                                    s.lease().leftAt(s.now().monotonicNanos()).toSeconds()),
                    soon);
        }
        if (s.postgres().isStopped()
                && s.hasData()
                && s.memory().outageStopped()
                && !s.node().guard().isArmed()
                && !s.backingOff(TaskKind.START_REPLICA)) {
            return s.start(
                    new Action.StartReplica(Optional.empty()),
                    "DCS is not accessible: starting read-only, following nobody"
                            + s.lastFailure(TaskKind.START_REPLICA));
        }
        return s.waitBecause("DCS is not accessible", soon);
    }

    static Optional<Decision> stoppedInPause(Situation s) {
        if (!s.paused() || !s.postgres().isStopped()) {
            return Optional.empty();
        }
        if (s.memory().handedOver().isPresent() && s.anotherLeads()) {
            return Optional.empty();
        }
        return s.iLead()
                ? s.then(
                        new Action.ReleaseLeadership(Fencing.lastPosition(s)),
                        "removed leader lock because postgres is not running")
                : s.waitBecause("postgres is not running");
    }

    static Optional<Decision> leaderDown(Situation s) {
        if (!s.iLead() || s.paused() || s.postgres().process() == Process.RUNNING) {
            return Optional.empty();
        }
        Duration down = s.now().since(s.memory().brokenSince().orElse(s.now().monotonicNanos()));
        Duration limit = s.settings().primaryStartTimeout();
        boolean othersThere = s.cluster().members().size() > 1;
        if (s.postgres().process() == Process.STARTING) {
            if (down.compareTo(limit) <= 0 || !othersThere) {
                return s.waitBecause(
                        "PostgreSQL is still starting up, %d seconds until timeout"
                                .formatted(Math.max(0, limit.minus(down).toSeconds())),
                        Duration.ofSeconds(1));
            }
            return s.start(new Action.StopPostgres(true), "stopped PostgreSQL because of startup timeout");
        }
        Optional<TaskKind> failed = Stream.of(TaskKind.START_PRIMARY, TaskKind.PROMOTE, TaskKind.START_REPLICA)
                .filter(kind -> s.memory().failure(kind).isPresent())
                .findFirst();
        if (othersThere && (failed.isPresent() || limit.isZero() || down.compareTo(limit) > 0)) {
            return s.then(
                    new Action.ReleaseLeadership(Fencing.lastPosition(s)),
                    failed.map(kind -> leftBecause(s, kind)).orElse("Primary crashed. Failing over."),
                    giveUp(s));
        }
        return startAgain(s);
    }

    private static String leftBecause(Situation s, TaskKind failed) {
        String what = failed == TaskKind.PROMOTE
                ? "released the leader key: promotion failed"
                : "removed leader key after trying and failing to start postgres";
        return what + s.lastFailure(failed);
    }

    private static Memory giveUp(Situation s) {
        return s.memory()
                .change()
                .noFailure(TaskKind.START_PRIMARY)
                .noFailure(TaskKind.PROMOTE)
                .noFailure(TaskKind.START_REPLICA)
                .noRaceUntil(Optional.of(
                        s.now().monotonicNanos() + s.settings().ttl().toNanos()))
                .done();
    }

    private static boolean behindTheRecord(Situation s, Control control) {
        return s.cluster().timeline().map(control.timeline()::isBefore).orElse(false);
    }

    private static Optional<Decision> startAgain(Situation s) {
        Control control = s.postgres().control().orElse(null);
        if (control == null) {
            return controlUnread(s);
        }
        boolean asPrimary = control.wasPrimary() && !s.postgres().standbySignal();
        if (asPrimary && s.anotherBeganThePresentTimeline() && behindTheRecord(s, control)) {
            // Others have led since this was a primary, and the key came late. What they wrote is not here: ADR 0005.
            return s.then(
                    new Action.ReleaseLeadership(Optional.empty()),
                    "released the leader key: this was a primary on timeline %s, and the cluster is on %s"
                            .formatted(
                                    control.timeline(), s.cluster().timeline().orElseThrow()),
                    giveUp(s));
        }
        TaskKind kind = asPrimary ? TaskKind.START_PRIMARY : TaskKind.START_REPLICA;
        if (s.backingOff(kind)) {
            return s.waitBecause("waiting before the next try to start" + s.lastFailure(kind), Duration.ofSeconds(1));
        }
        if (!asPrimary) {
            return s.start(
                    new Action.StartReplica(Optional.empty()),
                    "starting as readonly because i had the session lock" + s.lastFailure(kind));
        }
        if (!s.guardCovers()) {
            return s.waitBecause("not starting as primary before the guard has the deadline", Duration.ofMillis(200));
        }
        return s.start(
                new Action.StartPrimary(),
                (control.crashedAsPrimary() ? "starting primary after failure" : "starting as primary with the lock")
                        + s.lastFailure(kind));
    }

    static Optional<Decision> starting(Situation s) {
        return s.postgres().process() == Process.STARTING
                ? s.waitBecause("Still starting up as a standby.", Duration.ofSeconds(1))
                : Optional.empty();
    }

    static Optional<Decision> rejoin(Situation s) {
        if (!s.postgres().isStopped() || !s.hasData() || !s.anotherLeads()) {
            return Optional.empty();
        }
        Optional<Upstream> leader = s.leaderMember().flatMap(m -> m.asUpstream());
        if (leader.isEmpty() || s.rival().isEmpty()) {
            return s.waitBecause("waiting for the leader to say where to connect to", Duration.ofSeconds(1));
        }
        Optional<Divergence> verdict = s.memory()
                .verdict()
                .filter(v -> v.rival().equals(s.rival().get()))
                .map(Memory.Verdict::divergence);
        Control control = s.postgres().control().orElse(null);
        if (control == null) {
            return controlUnread(s);
        }
        boolean wasPrimary = control.wasPrimary() && !s.postgres().standbySignal();
        if (wasPrimary && control.cleanlyShutDown() && s.timelineBegunByAnother(control.timeline())) {
            return twin(s, control);
        }
        if (verdict.equals(Optional.of(Divergence.DIVERGED))) {
            return diverged(s, leader.get(), control);
        }
        boolean doubtful = wasPrimary || verdict.isEmpty() && mayHaveLeftThePath(s, control);
        if (!doubtful || verdict.equals(Optional.of(Divergence.NONE))) {
            return startFollowing(s);
        }
        return compareFirst(s, leader.get(), control);
    }

    /**
     * A replica is compared while it runs. But it may have been stopped on what was found against this leader before the leader
     * said its timeline, or by a former process of this agent: and one that left the path cannot start.
     */
    private static boolean mayHaveLeftThePath(Situation s, Control control) {
        boolean comparable = control.state().equals("shut down in recovery")
                && control.minRecoveryEnd().isPresent()
                && s.memory().failure(TaskKind.CHECK_DIVERGENCE).isEmpty();
        boolean foundBefore = s.memory()
                .verdict()
                .filter(v -> v.divergence() == Divergence.DIVERGED)
                .isPresent();
        return comparable
                && (foundBefore || s.memory().failure(TaskKind.START_REPLICA).isPresent());
    }

    /** Without it nobody knows whether this was a primary, and what it may have that others lack. */
    private static Optional<Decision> controlUnread(Situation s) {
        return s.waitBecause(
                "not starting PostgreSQL before pg_control is read"
                        + s.postgres().trouble().map(t -> ": " + t).orElse(""),
                Duration.ofSeconds(1));
    }

    private static Optional<Decision> startFollowing(Situation s) {
        return s.backingOff(TaskKind.START_REPLICA)
                ? s.waitBecause(
                        "waiting before the next try to start" + s.lastFailure(TaskKind.START_REPLICA),
                        Duration.ofSeconds(1))
                : s.start(
                        new Action.StartReplica(s.wantedUpstream()),
                        "starting as a secondary" + s.lastFailure(TaskKind.START_REPLICA));
    }

    /** A former primary may have WAL nobody else has; to know its end, a crashed one must recover first. */
    private static Optional<Decision> compareFirst(Situation s, Upstream leader, Control control) {
        if (!s.leaderIsUp()) {
            return s.waitBecause(
                    "waiting for leader %s to be up before comparing timelines".formatted(leader.name()),
                    Duration.ofSeconds(1));
        }
        if (control.crashedAsPrimary()) {
            return s.backingOff(TaskKind.CRASH_RECOVERY)
                    ? s.waitBecause(
                            "waiting before the next try of crash recovery" + s.lastFailure(TaskKind.CRASH_RECOVERY),
                            Duration.ofSeconds(1))
                    : s.start(
                            new Action.RecoverCrash(),
                            "doing crash recovery in a single user mode" + s.lastFailure(TaskKind.CRASH_RECOVERY));
        }
        if (s.backingOff(TaskKind.CHECK_DIVERGENCE)) {
            return s.waitBecause(
                    "waiting before comparing timelines again" + s.lastFailure(TaskKind.CHECK_DIVERGENCE),
                    Duration.ofSeconds(1));
        }
        return s.start(
                new Action.CheckDivergence(leader),
                "comparing timelines with leader %s before following it".formatted(leader.name())
                        + s.lastFailure(TaskKind.CHECK_DIVERGENCE),
                s.memory().change().comparing(s.rival()).done());
    }

    private static Optional<Decision> diverged(Situation s, Upstream leader, Control control) {
        String diverged = "this node's WAL left the path of leader %s".formatted(leader.name());
        boolean rewindable = s.settings().usePgRewind() && control.rewindable();
        boolean failedBefore = s.memory().failure(TaskKind.REWIND).isPresent();
        if (rewindable && failedBefore && s.settings().removeDataOnRewindFailure()
                || !rewindable && s.settings().removeDataOnDivergence()) {
            return s.start(new Action.RemoveData(), "reinitializing due to diverged timelines: " + diverged);
        }
        if (!rewindable) {
            String cause = s.settings().usePgRewind()
                    ? "pg_rewind needs wal_log_hints or data checksums, and this folder had neither"
                    : "postgresql.use_pg_rewind is not switched on";
            return s.waitBecause(
                    "%s; %s. The data folder is kept as it is: reinitialise this node, or allow pg_rewind or the removal of the"
                                    .formatted(diverged, cause)
                            + " data folder in the dynamic configuration");
        }
        if (!s.leaderIsUp()
                || !s.leaderMember().map(m -> m.checkpointedAfterPromotion()).orElse(false)) {
            return s.waitBecause(
                    "Waiting for checkpoint on %s before rewind".formatted(leader.name()), Duration.ofSeconds(1));
        }
        if (s.backingOff(TaskKind.REWIND)) {
            return s.waitBecause(
                    diverged + "; the data folder is kept, pg_rewind is tried again soon"
                            + s.lastFailure(TaskKind.REWIND),
                    Duration.ofSeconds(1));
        }
        return s.start(
                new Action.Rewind(leader),
                "running pg_rewind from %s".formatted(leader.name()) + s.lastFailure(TaskKind.REWIND));
    }

    /**
     * This node was promoted and died before it could tell anybody; another was then promoted from the same point and
     * PostgreSQL gave both timelines the same number. Neither the comparison nor pg_rewind can tell them apart.
     */
    private static Optional<Decision> twin(Situation s, Control control) {
        return s.settings().removeDataOnDivergence()
                ? s.start(new Action.RemoveData(), "reinitializing due to diverged timelines: " + twinOf(control))
                : leftAlone(s, twinOf(control));
    }

    private static String twinOf(Control control) {
        return "this node and another one both began timeline %d, and the cluster went on with the other's"
                .formatted(control.timeline().number());
    }

    private static Optional<Decision> leftAlone(Situation s, String twin) {
        return s.waitBecause(twin
                + ", which pg_rewind cannot mend. The data folder is kept as it is: reinitialise this node, or allow the removal"
                + " of the data folder in the dynamic configuration");
    }

    /**
     * This folder was a primary, and the record says that another began the present timeline. Started as a standby its past
     * could no longer be seen, and with a timeline of the same number it might win. A crashed one must recover to know its own.
     */
    private static Optional<Decision> primaryBesideTheRecord(Situation s) {
        Control control = s.postgres().control().orElse(null);
        if (control == null) {
            return controlUnread(s);
        }
        if (!control.wasPrimary() || s.postgres().standbySignal() || !s.anotherBeganThePresentTimeline()) {
            return Optional.empty();
        }
        if (control.crashedAsPrimary()) {
            return s.backingOff(TaskKind.CRASH_RECOVERY)
                    ? s.waitBecause(
                            "waiting before the next try of crash recovery" + s.lastFailure(TaskKind.CRASH_RECOVERY),
                            Duration.ofSeconds(1))
                    : s.start(
                            new Action.RecoverCrash(),
                            "doing crash recovery in a single user mode" + s.lastFailure(TaskKind.CRASH_RECOVERY));
        }
        // Nothing is removed while nobody leads: it may be all there is.
        return s.timelineBegunByAnother(control.timeline()) ? leftAlone(s, twinOf(control)) : Optional.empty();
    }

    static Optional<Decision> startForTheRace(Situation s) {
        if (!s.postgres().isStopped() || !s.hasData() || !s.nobodyLeads()) {
            return Optional.empty();
        }
        Optional<Decision> elsewhere = primaryBesideTheRecord(s);
        if (elsewhere.isPresent()) {
            return elsewhere;
        }
        return s.backingOff(TaskKind.START_REPLICA)
                ? s.waitBecause(
                        "failed to start postgres" + s.lastFailure(TaskKind.START_REPLICA), Duration.ofSeconds(1))
                : s.start(
                        new Action.StartReplica(Optional.empty()),
                        "starting as a secondary" + s.lastFailure(TaskKind.START_REPLICA));
    }
}
