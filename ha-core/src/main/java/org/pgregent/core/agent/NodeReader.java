package org.pgregent.core.agent;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.pgregent.core.model.NodeView;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.port.Deadman;
import org.pgregent.core.port.Postgres;

/** Looks at this node. */
final class NodeReader {

    private final Supplier<LocalNode> local;
    private final Postgres postgres;
    private final Deadman deadman;
    private final LeaseKeeper lease;
    private final TaskRunner tasks;
    private final PeerKeeper peers;
    private final PostgresWork work;

    NodeReader(
            Supplier<LocalNode> local,
            Postgres postgres,
            Deadman deadman,
            LeaseKeeper lease,
            TaskRunner tasks,
            PeerKeeper peers,
            PostgresWork work) {
        this.local = local;
        this.postgres = postgres;
        this.deadman = deadman;
        this.lease = lease;
        this.tasks = tasks;
        this.peers = peers;
        this.work = work;
    }

    NodeView read(Duration timeout, Optional<String> claim, boolean shutdownRequested) {
        // The task first: what it did before it ended is then in the look at PostgreSQL, never the other way round.
        var task = tasks.view();
        PostgresView pg = postgres.observe(timeout);
        LocalNode now = local.get();
        return new NodeView(
                now.name(),
                now.tags(),
                now.bootstrapConfig().isPresent(),
                pg,
                lease.view(),
                deadman.observe(),
                task,
                peers.view(),
                work.promotionPending(pg),
                claim,
                shutdownRequested);
    }
}
