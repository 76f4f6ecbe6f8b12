package org.pgregent.core.rules;

import java.time.Duration;
import java.util.Optional;
import org.pgregent.core.decide.Action;
import org.pgregent.core.decide.Decision;
import org.pgregent.core.decide.Situation;
import org.pgregent.core.model.TaskKind;

/** A clean end: PostgreSQL down first, then the key, so that whoever is next has all there is. */
final class Shutdown {

    /** After so many failed stops in a row the agent leaves PostgreSQL to the guard and the operator. */
    private static final int STOPS_MAX = 3;

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
        if (s.node().isRunning(TaskKind.STOP)) {
            return s.waitBecause("ending: PostgreSQL is stopping", Duration.ofMillis(500));
        }
        if (!s.postgres().isStopped() || s.busy()) {
            int failed = s.memory().failure(TaskKind.STOP).map(f -> f.times()).orElse(0);
            if (failed >= STOPS_MAX) {
                return s.then(
                        new Action.End(0, "PostgreSQL shutdown failed, leader key not removed."),
                        "ending although PostgreSQL does not stop" + s.lastFailure(TaskKind.STOP));
            }
            return s.start(
                    new Action.StopPostgres(false), "ending: stopping PostgreSQL" + s.lastFailure(TaskKind.STOP));
        }
        if (s.iLead()) {
            return s.then(
                    new Action.ReleaseLeadership(Fencing.lastPosition(s)),
                    "ending: PostgreSQL is stopped, releasing the leader key");
        }
        return s.then(new Action.End(0, "PostgreSQL is stopped, this agent ends"), "ending: PostgreSQL is stopped");
    }
}
