package org.pgregent.core.sim;

import org.pgregent.core.sim.PgServer.State;

/** Standbys pull what their upstream has, as far as the network and the true history allow. */
final class Replication {

    private final SimCluster cluster;

    Replication(SimCluster cluster) {
        this.cluster = cluster;
    }

    /** One look of every standby at its upstream. */
    void turn() {
        for (SimNode node : cluster.nodes()) {
            node.postgres().connected.clear();
        }
        for (SimNode node : cluster.nodes()) {
            pull(node);
        }
    }

    private void pull(SimNode node) {
        PgServer standby = node.postgres();
        boolean was = standby.streaming;
        standby.streaming = false;
        if (!standby.isReplica() || standby.upstream.isEmpty() || node.isFrozen()) {
            return;
        }
        SimNode source = cluster.node(standby.upstream.get().host());
        PgServer upstream = source.postgres();
        boolean sends = upstream.state == State.RUNNING || was && upstream.sendsToTheEnd();
        if (!sends
                || source == node
                || source.isFrozen()
                || !reaches(node, source)
                || !upstream.systemId.equals(standby.systemId)) {
            return;
        }
        if (!standby.wal.isPrefixOf(upstream.wal)) {
            if (was) {
                cluster.trace()
                        .add(
                                node.name(),
                                "postgres: its WAL left the upstream's path: " + standby.wal + " is not in "
                                        + upstream.wal);
            }
            return;
        }
        if (standby.diskFull() && standby.wal.lsn() < upstream.wal.lsn()) {
            standby.kill("PANIC: no space left on device");
            return;
        }
        standby.wal = upstream.wal;
        standby.timelineSeen = Math.max(standby.timelineSeen, upstream.timelineSeen);
        standby.streaming = true;
        upstream.connected.put(node.name(), standby.wal.lsn());
        if (!was) {
            cluster.trace().add(node.name(), "postgres: streams from " + source.name() + " at " + standby.wal);
        }
    }

    /** The last bytes of a primary that is about to end well. */
    void flushFrom(SimNode source) {
        PgServer primary = source.postgres();
        for (SimNode node : cluster.nodes()) {
            PgServer standby = node.postgres();
            if (node != source
                    && standby.isReplica()
                    && standby.streaming
                    && !node.isFrozen()
                    && reaches(node, source)
                    && standby.upstream.map(u -> u.host().equals(source.name())).orElse(false)
                    && standby.wal.isPrefixOf(primary.wal)) {
                standby.wal = primary.wal;
            }
        }
    }

    boolean reaches(SimNode one, SimNode other) {
        return cluster.network().openBothWays(one.index(), other.index());
    }
}
