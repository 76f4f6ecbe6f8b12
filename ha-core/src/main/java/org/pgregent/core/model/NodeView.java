package org.pgregent.core.model;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * What this node is.
 *
 * @param task the long work under way, or how the last one ended
 * @param promotionAsked PostgreSQL was asked to promote and has neither done so nor been stopped since: it may at any moment,
 *     whatever became of the task that asked
 * @param claim the version of the initialize key that this agent created to make the cluster
 * @param mayBootstrap its configuration has a {@code bootstrap} section
 * @param shutdownRequested somebody asked the agent to end
 */
public record NodeView(
        NodeName name,
        Tags tags,
        boolean mayBootstrap,
        PostgresView postgres,
        LeaseView lease,
        GuardView guard,
        Optional<TaskView> task,
        PeerAnswers peers,
        boolean promotionAsked,
        Optional<String> claim,
        boolean shutdownRequested) {

    public NodeView {
        requireNonNull(name, "name");
        requireNonNull(tags, "tags");
        requireNonNull(postgres, "postgres");
        requireNonNull(lease, "lease");
        requireNonNull(guard, "guard");
        requireNonNull(task, "task");
        requireNonNull(peers, "peers");
        requireNonNull(claim, "claim");
    }

    public Optional<TaskView> runningTask() {
        return task.filter(TaskView::isRunning);
    }

    public boolean isRunning(TaskKind kind) {
        return runningTask().map(t -> t.kind() == kind).orElse(false);
    }

    /** PostgreSQL takes writes, or may begin to any moment. */
    public boolean mayBeWritable() {
        if (runningTask().map(t -> t.kind().letsNobodyIn()).orElse(false) && !postgres.isPrimary()) {
            return false;
        }
        return postgres.mayBeWritable()
                || (promotionAsked && !postgres.isStopped())
                || runningTask().map(t -> t.kind().makesWritable()).orElse(false);
    }
}
