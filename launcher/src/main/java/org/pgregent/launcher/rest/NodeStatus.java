package org.pgregent.launcher.rest;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.pgregent.core.agent.LocalNode;
import org.pgregent.core.agent.StatusBoard.Pass;
import org.pgregent.core.cluster.MemberFields;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.NodeView;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.PostgresView.Process;
import org.pgregent.core.model.Tags;

/**
 * What one request is answered from.
 *
 * @param tags as this node's configuration has them
 * @param publishedTags those that are shown
 * @param postgres from a look at most a moment old
 * @param state in the contract's words
 * @param lock this node's own view that it leads: at most until its last confirmed renewal plus ttl
 * @param storeFresh the store's view is younger than ttl
 * @param unlocked no leader is known, or the view is too old to tell
 * @param storeSeen when the store last answered, in seconds since 1970
 * @param optime the leader's position as last published; zero if unknown
 * @param maximumLag what the cluster allows a candidate
 * @param alive the loop makes its passes
 * @param unguarded no guard could be started, so this node does not race and nobody needs to wait for it
 */
public record NodeStatus(
        String scope,
        NodeName name,
        Map<String, Object> tags,
        Map<String, Object> publishedTags,
        PostgresView postgres,
        String state,
        String role,
        boolean lock,
        boolean storeFresh,
        boolean paused,
        boolean unlocked,
        long storeSeen,
        Lsn optime,
        long maximumLag,
        boolean alive,
        boolean unguarded) {

    /**
     * @param pass empty before the first one
     * @param nowNanos on the clock of the passes
     * @param startedNanos when this agent started, for the time before the first pass
     */
    static NodeStatus of(
            LocalNode local,
            Optional<Pass> pass,
            PostgresView postgres,
            long nowNanos,
            Instant wall,
            long startedNanos) {
        ClusterView cluster = pass.map(Pass::cluster).orElse(ClusterView.UNKNOWN);
        Duration ttl = pass.map(p -> p.settings().ttl()).orElse(Duration.ofSeconds(30));
        boolean everRead = cluster.readNanos() != 0;
        Duration age = Duration.ofNanos(nowNanos - cluster.readNanos());
        boolean fresh = everRead && age.compareTo(ttl) < 0;
        boolean sql = postgres.role().isPresent();
        // As the last pass had them: they may have been read anew since the start.
        Tags tags = pass.map(p -> p.node().tags()).orElse(local.tags());
        return new NodeStatus(
                local.scope(),
                local.name(),
                tags.all(),
                MemberFields.published(tags),
                postgres,
                state(pass, postgres),
                sql ? (postgres.isPrimary() ? "primary" : "replica") : MemberFields.role(postgres),
                pass.map(p -> leads(p, local.name(), nowNanos)).orElse(false),
                fresh,
                pass.map(p -> p.settings().paused()).orElse(false),
                !fresh || cluster.leader().isEmpty(),
                everRead ? wall.minus(age).getEpochSecond() : 0,
                cluster.optime().orElse(Lsn.ZERO),
                pass.map(p -> p.settings().maximumLagOnFailover()).orElse(1_048_576L),
                isAlive(pass, postgres, nowNanos, startedNanos, ttl),
                pass.map(p -> !p.node().guard().alive()
                                && p.decision().memory().guardTried().isPresent())
                        .orElse(false));
    }

    private static String state(Optional<Pass> pass, PostgresView postgres) {
        if (postgres.process() == Process.RUNNING && postgres.role().isEmpty()) {
            return "unknown";
        }
        return pass.map(p -> MemberFields.state(with(p.node(), postgres)))
                .orElse(
                        postgres.process() == Process.RUNNING
                                ? "running"
                                : postgres.isStopped() ? "stopped" : "starting");
    }

    private static NodeView with(NodeView node, PostgresView postgres) {
        return new NodeView(
                node.name(),
                node.tags(),
                node.mayBootstrap(),
                postgres,
                node.lease(),
                node.guard(),
                node.task(),
                node.peers(),
                node.promotionAsked(),
                node.claim(),
                node.shutdownRequested());
    }

    /** The key names us and hangs on our lease, that lease is not over, and PostgreSQL has not lost its right to write. */
    private static boolean leads(Pass pass, NodeName name, long nowNanos) {
        boolean ours = pass.cluster()
                .leader()
                .filter(leader -> leader.name().equals(name))
                .filter(leader -> leader.leaseId().isEmpty()
                        || leader.leaseId().equals(pass.node().lease().id()))
                .isPresent();
        boolean running = pass.node()
                .lease()
                .deadlineNanos()
                .map(deadline -> deadline - nowNanos > 0)
                .orElse(false);
        return ours && running && !pass.decision().memory().mustStop();
    }

    private static boolean isAlive(
            Optional<Pass> pass, PostgresView postgres, long nowNanos, long startedNanos, Duration ttl) {
        if (pass.map(p -> p.settings().paused()).orElse(false)) {
            return true;
        }
        long planned =
                pass.map(p -> p.atNanos() + p.decision().revisitIn().toNanos()).orElse(startedNanos);
        Duration patience = postgres.isPrimary() ? ttl : ttl.multipliedBy(2);
        return planned + patience.toNanos() - nowNanos > 0;
    }

    /** SQL answered. */
    boolean answersSql() {
        return postgres.role().isPresent();
    }

    boolean isRunning() {
        return state.equals("running");
    }

    /** The furthest position the leader is known to have. */
    Lsn leaderPosition() {
        return Lsn.max(optime, postgres.wal().latestEnd().orElse(Lsn.ZERO));
    }

    Lsn replayed() {
        return postgres.wal().replayed().orElse(Lsn.ZERO);
    }

    Lsn received() {
        return postgres.wal().received().filter(lsn -> !lsn.isZero()).orElse(replayed());
    }
}
