package org.pgregent.core.sim;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What must be true after every event. Those about a single happening (an acknowledgement, a landed write, a promotion) are
 * checked where it happens, in {@link Ledger}.
 */
record Invariant(String name, Function<SimCluster, Optional<String>> broken) {

    static final String ONE_PRIMARY = "one-primary";
    static final String WRITABLE_ONLY_UNDER_A_LEASE = "writable-only-under-a-lease";
    static final String NOT_ON_A_LEASE_THAT_IS_OVER = "nothing-becomes-writable-on-a-lease-that-is-over";
    static final String NO_OLD_ACKNOWLEDGEMENT = "no-old-acknowledgement";
    static final String TIMELINE_FORWARD = "timeline-goes-forward";
    static final String ONLY_THE_HOLDER_WRITES = "only-the-holder-writes-leader-keys";
    static final String BEST_CANDIDATE = "the-most-advanced-is-elected";
    static final String ONE_CLUSTER = "one-cluster";
    static final String DATA_KEPT = "no-data-lost-unasked";
    static final String PAUSE_PROMOTES_NOBODY = "pause-promotes-nobody";
    static final String AGENT_BEFORE_GUARD = "an-awake-agent-stops-before-its-guard";
    static final String QUIET = "without-faults-nobody-demotes";
    static final String CONVERGES = "converges-after-healing";
    static final String HANDS_OVER_ALL = "a-switchover-hands-over-all";
    static final String NAMED_LEADS = "who-is-named-leads";
    static final String HAND_OVER_ENDS = "a-hand-over-ends-with-a-leader";
    static final String CLEAN_HANDOVER = "a-clean-hand-over-loses-nothing";

    static List<Invariant> all() {
        return List.of(
                new Invariant(ONE_PRIMARY, Invariant::twoPrimaries),
                new Invariant(WRITABLE_ONLY_UNDER_A_LEASE, Invariant::writableWithoutLease));
    }

    void check(SimCluster cluster) {
        Optional<String> trouble = broken.apply(cluster);
        if (trouble.isPresent()) {
            throw new Violation(name, trouble.get());
        }
    }

    private static Optional<String> twoPrimaries(SimCluster cluster) {
        SimNode first = null;
        for (SimNode node : cluster.nodes()) {
            if (node.postgres().acceptsWrites()) {
                if (first != null) {
                    return Optional.of(first.name() + " and " + node.name() + " accept writes at the same time");
                }
                first = node;
            }
        }
        return Optional.empty();
    }

    /**
     * The safe inequality itself: by D, when a rival may get the key, nothing of the old primary lives. Stricter than "no two
     * primaries", since it does not need the rival to be quick. Not while paused, when a primary keeps going without a lease
     * on purpose, nor before the cluster first had a leader, nor for as long as a lease after the store has lost all: then the
     * primary may register itself again, as long as nobody else holds the key.
     */
    private static Optional<String> writableWithoutLease(SimCluster cluster) {
        for (SimNode node : cluster.nodes()) {
            if (!node.postgres().acceptsWrites()) {
                cluster.ledger().excused(node, false);
                continue;
            }
            boolean holds = cluster.store()
                    .holder()
                    .map(h -> h.node().equals(node.name()))
                    .orElse(false);
            if (holds) {
                cluster.ledger().excused(node, cluster.operator().isPaused());
            } else if (cluster.operator().isPaused()) {
                cluster.ledger().excused(node, true);
            } else if (cluster.ledger().hadLeader()
                    && !cluster.ledger().isExcused(node)
                    && !(cluster.faults().wipedLately()
                            && cluster.store().holder().isEmpty())) {
                return Optional.of(node.name() + " accepts writes, the leader key is held by "
                        + cluster.store().holder().map(SimStore.Holder::node).orElse("nobody"));
            }
        }
        return Optional.empty();
    }
}
