package org.pgregent.core.rules;

import java.time.Duration;
import java.util.Optional;
import org.pgregent.core.decide.Action;
import org.pgregent.core.decide.Decision;
import org.pgregent.core.decide.Situation;
import org.pgregent.core.model.TaskKind;
import org.pgregent.core.model.TaskView;

/** Long work under way. */
final class Tasks {

    private Tasks() {}

    static Optional<Decision> inProgress(Situation s) {
        if (!s.busy()) {
            return Optional.empty();
        }
        TaskView task = s.node().runningTask().orElseThrow();
        if (task.kind().makesWritable() && s.cluster().reachable() && !s.iLead() && !s.paused()) {
            return s.start(
                    new Action.StopPostgres(true),
                    "lost leader before " + task.kind().words()
                            + ": stopping PostgreSQL, which cannot be told to stay as it is",
                    s.memory().change().mustStop(true).done());
        }
        boolean lateStart = task.kind() == TaskKind.START_PRIMARY
                && s.iLead()
                && s.memory()
                        .brokenSince()
                        .map(since ->
                                s.now().since(since).compareTo(s.settings().primaryStartTimeout()) > 0)
                        .orElse(false);
        if (lateStart && s.cluster().members().size() > 1) {
            return s.then(new Action.CancelTask(), "stopped PostgreSQL because of startup timeout");
        }
        return s.waitBecause(task.kind().words() + " in progress", Duration.ofSeconds(1));
    }
}
