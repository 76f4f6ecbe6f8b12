package org.pgregent.pg;

import java.time.Duration;
import java.util.Optional;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.PostgresView.Wal;
import org.pgregent.core.model.Timeline;
import org.pgregent.core.port.PostgresException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The timeline a standby has really replayed. While it streams SQL tells it; without a WAL receiver SQL has only pg_control,
 * which is as old as the last restart point. The replication protocol knows better, but costs a connection, so its answer is
 * kept until the standby moves. An election hangs on this: a node that seems to be on an old timeline must not lead.
 */
final class ReplayedTimeline {

    private static final Logger LOG = LoggerFactory.getLogger(ReplayedTimeline.class);
    private static final Duration LONGEST = Duration.ofSeconds(2);

    private record Known(String postmasterId, Optional<Lsn> received, Optional<Lsn> replayed, Timeline timeline) {}

    private final TimelineCheck check;
    private volatile Known known;

    ReplayedTimeline(TimelineCheck check) {
        this.check = check;
    }

    /** The view with the timeline corrected, if it could be learned; never a lower one than it has. */
    Wal correct(String postmasterId, Wal wal, Deadline deadline) {
        Known last = known;
        if (last == null
                || !last.postmasterId.equals(postmasterId)
                || !last.received.equals(wal.received())
                || !last.replayed.equals(wal.replayed())) {
            try {
                Timeline timeline = check.ownPosition(deadline.atMost(LONGEST)).timeline();
                last = new Known(postmasterId, wal.received(), wal.replayed(), timeline);
                known = last;
            } catch (PostgresException e) {
                LOG.debug("the timeline comes from pg_control", e);
                return wal;
            }
        }
        Timeline asked = last.timeline;
        return new Wal(
                wal.written(),
                wal.received(),
                wal.replayed(),
                wal.timeline().filter(t -> asked.isBefore(t)).or(() -> Optional.of(asked)),
                wal.replayTimestamp(),
                wal.replayPaused(),
                wal.latestEnd());
    }
}
