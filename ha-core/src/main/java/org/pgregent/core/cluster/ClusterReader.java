package org.pgregent.core.cluster;

import java.time.Duration;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.port.Clock;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;

/** Reads the whole cluster; a store that does not answer is a view too. Used by one thread. */
public final class ClusterReader {

    private final Dcs dcs;
    private final ClusterLayout layout;
    private final Clock clock;
    private ClusterView last = ClusterView.UNKNOWN;

    public ClusterReader(Dcs dcs, ClusterLayout layout, Clock clock) {
        this.dcs = dcs;
        this.layout = layout;
        this.clock = clock;
    }

    public ClusterView read(Duration timeout) {
        if (timeout.isZero() || timeout.isNegative()) {
            return last.unreachable("no time was left in this pass to read the store");
        }
        long before = clock.monotonicNanos();
        try {
            last = layout.parse(dcs.readAll(layout.base(), timeout), before);
            return last;
        } catch (DcsException e) {
            return last.unreachable(e.getMessage());
        }
    }
}
