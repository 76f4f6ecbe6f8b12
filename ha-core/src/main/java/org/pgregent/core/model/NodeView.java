package org.pgregent.core.model;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * What this node is.
 *
 * @param task the long work under way, or how the last one ended
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

    /**
     * PostgreSQL takes writes, or may begin to any moment. The server that crash recovery and pg_rewind run in single-user mode
     * looks like one that starts, but lets nobody in.
     */
    public boolean mayBeWritable() {
        if (isRunning(TaskKind.CRASH_RECOVERY) || isRunning(TaskKind.REWIND)) {
            return false;
        }
        return postgres.mayBeWritable()
                || runningTask().map(t -> t.kind().makesWritable()).orElse(false);
    }
}
