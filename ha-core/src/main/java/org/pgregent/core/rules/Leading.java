package org.pgregent.core.rules;

import java.time.Duration;
import java.util.Optional;
import org.pgregent.core.decide.Action;
import org.pgregent.core.decide.Decision;
import org.pgregent.core.decide.Situation;
import org.pgregent.core.model.FailoverRequest;
import org.pgregent.core.model.SystemId;
import org.pgregent.core.model.TaskKind;
import org.pgregent.core.model.Versioned;

/** This node holds the key and its PostgreSQL runs. */
final class Leading {

    private Leading() {}

    static Optional<Decision> promote(Situation s) {
        if (!s.iLead() || !s.postgres().isReplica()) {
            return Optional.empty();
        }
        boolean failed = s.memory().failure(TaskKind.PROMOTE).isPresent();
        if (s.paused() && s.node().promotionAsked() && !failed) {
            return s.waitBecause(
                    "PostgreSQL was asked to promote and has not done so yet; if it never does, restart it or resume",
                    Duration.ofSeconds(1));
        }
        if (s.node().promotionAsked()) {
            // It may come out of recovery yet. What cannot be taken back must be stopped before anybody else may lead.
            return s.start(
                    new Action.StopPostgres(true),
                    "promotion failed and may still happen: stopping PostgreSQL" + s.lastFailure(TaskKind.PROMOTE));
        }
        if (s.paused() && !s.isAskedToLead()) {
            return s.then(
                    new Action.ReleaseLeadership(Optional.empty()),
                    "removed leader lock because postgres is not running as primary");
        }
        if (failed) {
            Optional<Decision> order = orderFailed(s);
            if (order.isPresent()) {
                return order;
            }
            return s.then(
                    new Action.ReleaseLeadership(Optional.empty()),
                    "released the leader key: promotion failed" + s.lastFailure(TaskKind.PROMOTE),
                    s.memory()
                            .change()
                            .noFailure(TaskKind.PROMOTE)
                            .noRaceUntil(Optional.of(s.now().monotonicNanos()
                                    + s.settings().ttl().toNanos()))
                            .done());
        }
        Optional<Decision> lostSince = Candidacy.lostSince(s);
        if (lostSince.isPresent()) {
            return lostSince;
        }
        if (!s.guardCovers()) {
            return s.waitBecause(
                    s.paused()
                            ? "waiting to become primary after promote..."
                            : "not promoting before the guard has the deadline",
                    Duration.ofMillis(200));
        }
        Optional<org.pgregent.core.model.Lsn> last = s.cluster().optime();
        String behind = last.flatMap(l -> s.postgres().wal().position().map(mine -> mine.behind(l)))
                .map(bytes -> ", %d bytes behind the last known position of the former leader".formatted(bytes))
                .orElse("");
        return s.start(new Action.Promote(last), "promoted self to leader by acquiring session lock" + behind);
    }

    /**
     * What was asked for with this promotion must not hold the others up. But one who handed over is not to lose anything by it:
     * of a switchover it stays that nobody leads who lacks a part, and only the name of the candidate goes.
     */
    private static Optional<Decision> orderFailed(Situation s) {
        Optional<Versioned<FailoverRequest>> order =
                s.order().filter(o -> s.isAskedToLead() || s.memory().tookFor().equals(Optional.of(o.version())));
        if (order.isEmpty()) {
            return Optional.empty();
        }
        FailoverRequest request = order.get().value();
        String version = order.get().version();
        if (!request.isSwitchover() || s.paused()) {
            return s.then(
                    new Action.ClearFailover(version),
                    "promotion failed, and what was asked for with it" + s.lastFailure(TaskKind.PROMOTE));
        }
        return request.candidate().isEmpty()
                ? Optional.empty()
                : s.then(
                        new Action.RewriteFailover(
                                new FailoverRequest(request.leader(), Optional.empty(), Optional.empty()), version),
                        "promotion failed: anybody else who has all may lead instead"
                                + s.lastFailure(TaskKind.PROMOTE));
    }

    static Optional<Decision> fillIn(Situation s) {
        if (!s.iLead() || !s.postgres().isPrimary()) {
            return Optional.empty();
        }
        boolean recorded =
                s.cluster().initialize().map(i -> SystemId.isValid(i.value())).orElse(false);
        if (!recorded && s.postgres().systemId().isPresent()) {
            return s.then(
                    new Action.RecordInitialize(
                            s.postgres().systemId().get(),
                            s.cluster().initialize().map(Versioned::version)),
                    "the initialize key is missing or invalid: writing the system identifier");
        }
        boolean configured =
                s.cluster().config().map(c -> !c.value().document().isEmpty()).orElse(false);
        if (!configured) {
            return s.then(
                    new Action.WriteConfig(s.cluster().config().map(Versioned::version)),
                    "the config key is missing: writing the dynamic configuration");
        }
        return checkpoint(s);
    }

    /** Until the control file tells the new timeline, pg_rewind on the others would see nothing to do. */
    private static Optional<Decision> checkpoint(Situation s) {
        boolean told = s.postgres()
                .control()
                .map(c ->
                        s.postgres().wal().timeline().map(c.timeline()::equals).orElse(true))
                .orElse(true);
        if (!told && !s.busy() && !s.backingOff(TaskKind.CHECKPOINT)) {
            return s.start(
                    new Action.Checkpoint(),
                    "promoted: writing a checkpoint, so that others can compare with this timeline"
                            + s.lastFailure(TaskKind.CHECKPOINT));
        }
        return Optional.empty();
    }
}
