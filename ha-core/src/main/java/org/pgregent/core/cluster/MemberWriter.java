package org.pgregent.core.cluster;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.MemberView;
import org.pgregent.core.model.NodeView;
import org.pgregent.core.port.Clock;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes what this node is. Nothing hangs on it, so a failure is only logged and the next pass tries again. Positions in the
 * WAL change all the time: alone they are written at most once per loop_wait.
 */
public final class MemberWriter {

    private static final Logger LOG = LoggerFactory.getLogger(MemberWriter.class);

    private final Dcs dcs;
    private final ClusterLayout layout;
    private final Clock clock;
    private final MemberFields fields;
    private Map<String, Object> written = Map.of();
    private Optional<String> writtenOn = Optional.empty();
    private long writtenNanos;

    public MemberWriter(Dcs dcs, ClusterLayout layout, Clock clock, MemberFields fields) {
        this.dcs = dcs;
        this.layout = layout;
        this.clock = clock;
        this.fields = fields;
    }

    public void publish(
            ClusterView cluster,
            NodeView node,
            boolean paused,
            Optional<Lease> lease,
            Duration loopWait,
            Duration timeout) {
        if (lease.isEmpty() || !cluster.reachable() || timeout.isZero() || timeout.isNegative()) {
            return;
        }
        Map<String, Object> now = fields.of(node, paused);
        Optional<String> leaseId = lease.map(Lease::id);
        boolean there = cluster.member(node.name())
                .flatMap(MemberView::leaseId)
                .map(id -> Optional.of(id).equals(leaseId))
                .orElse(writtenOn.equals(leaseId) && cluster.readNanos() - writtenNanos < 0);
        boolean recent = clock.monotonicNanos() - writtenNanos < loopWait.toNanos();
        boolean same = recent
                ? MemberFields.withoutPositions(now).equals(MemberFields.withoutPositions(written))
                : now.equals(written);
        if (there && writtenOn.equals(leaseId) && same) {
            return;
        }
        try {
            boolean done = dcs.put(
                            layout.member(node.name()), layout.renderObject(now), Expect.anything(), lease, timeout)
                    .written();
            written = done ? new LinkedHashMap<>(now) : Map.of();
            writtenOn = done ? leaseId : Optional.empty();
            writtenNanos = clock.monotonicNanos();
        } catch (DcsException e) {
            written = Map.of();
            LOG.debug("the member key could not be written", e);
        }
    }
}
