package org.pgregent.core.sim;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A person with the command-line tool. They pause at any moment, and resume as the manual says: when every agent is up and
 * reaches the store and the others. For in pause the guard is not armed, and so a primary that cannot be reached while the
 * others hear of the end of the pause is the one thing nobody can stop in time.
 */
final class Operator {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CONFIG = SimCluster.BASE + "/config";
    private static final long SECOND = 1_000_000_000L;
    private final SimCluster cluster;
    private boolean paused;
    private long changedAt = -1000 * SECOND;

    Operator(SimCluster cluster) {
        this.cluster = cluster;
    }

    /** In pause, or so shortly after that not every agent may have seen its end. */
    boolean isPaused() {
        return paused || cluster.scheduler().now() - changedAt < settleNanos();
    }

    /** So long that every agent that reaches the store knows. */
    boolean isPausedForAll() {
        return paused
                && cluster.scheduler().now() - changedAt > cluster.setup().ttl().toNanos() * 2;
    }

    boolean wasPausedLately() {
        return isPaused();
    }

    boolean saysPaused() {
        return paused;
    }

    private long settleNanos() {
        return cluster.setup().loopWait().plus(cluster.setup().retryTimeout()).toNanos() * 2;
    }

    boolean pause() {
        return !paused && write(true);
    }

    /** Sees to it that all is reachable, waits, resumes, and waits again until everybody knows. */
    void resumeCarefully(Runnable then) {
        if (!paused) {
            then.run();
            return;
        }
        cluster.faults().suspend();
        cluster.faults().healWorld();
        cluster.scheduler().after(settleNanos() + 10 * SECOND, () -> {
            write(false);
            cluster.scheduler().after(settleNanos(), then);
        });
    }

    /**
     * Two nodes may have begun to make a cluster, one while the other's machine was down. The loser refuses its folder from
     * then on, rightly, and says so; a person looks at it and empties it.
     */
    void emptiesForeignFolders() {
        for (SimNode node : cluster.nodes()) {
            PgServer pg = node.postgres();
            if (cluster.ledger().hadLeader()
                    && !pg.isAlive()
                    && pg.systemId.isPresent()
                    && !pg.systemId.equals(cluster.ledger().clusterId())) {
                cluster.trace().add("person", "empties the folder of " + node.name() + ", which belongs to no cluster");
                pg.emptied();
            }
        }
    }

    boolean changeTtl(int seconds) {
        boolean written = edit(all -> all.put("ttl", seconds));
        if (written) {
            cluster.trace().add("person", "changes ttl to " + seconds + " s");
        }
        return written;
    }

    private boolean write(boolean pause) {
        if (!edit(all -> all.put("pause", pause))) {
            if (!pause) {
                throw new IllegalStateException("cannot resume: the store is not there");
            }
            return false;
        }
        paused = pause;
        changedAt = cluster.scheduler().now();
        cluster.trace().add("person", pause ? "pauses the cluster" : "resumes the cluster");
        return true;
    }

    private boolean edit(Consumer<ObjectNode> change) {
        Optional<String> config = cluster.store().text(CONFIG);
        if (config.isEmpty() || cluster.store().isOut() || cluster.store().isElecting()) {
            return false;
        }
        try {
            ObjectNode all = (ObjectNode) JSON.readTree(config.get());
            change.accept(all);
            cluster.store().operatorWrites(CONFIG, JSON.writeValueAsString(all));
            return true;
        } catch (JsonProcessingException broken) {
            throw new IllegalStateException("the configuration in the store is not JSON: " + config.get(), broken);
        }
    }
}
