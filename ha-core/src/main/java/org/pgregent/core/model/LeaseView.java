package org.pgregent.core.model;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Optional;

/**
 * What this node knows of its lease in the store.
 *
 * @param id the lease, if one was granted and is not known to be gone
 * @param times what the safe inequality makes of it
 * @param renewedNanos when the request of the last confirmed renewal was about to be sent (t0)
 * @param lost the store said, since the last decision, that the lease this node led on is gone
 * @param trouble why the last attempt to grant or renew failed, if it did
 */
public record LeaseView(
        Optional<String> id,
        Optional<SafeTimes> times,
        Optional<Long> renewedNanos,
        boolean lost,
        Optional<String> trouble) {

    public static final LeaseView NONE =
            new LeaseView(Optional.empty(), Optional.empty(), Optional.empty(), false, Optional.empty());

    public LeaseView {
        requireNonNull(id, "id");
        requireNonNull(times, "times");
        requireNonNull(renewedNanos, "renewedNanos");
        requireNonNull(trouble, "trouble");
    }

    public boolean isHeld() {
        return id.isPresent() && renewedNanos.isPresent() && times.isPresent();
    }

    /** D: the first moment at which a rival may hold this lease's keys. */
    public Optional<Long> deadlineNanos() {
        return isHeld() ? Optional.of(renewedNanos.get() + times.get().safeTtl().toNanos()) : Optional.empty();
    }

    /** D - B: from here on PostgreSQL must be on its way down. */
    public Optional<Long> stopAtNanos() {
        return deadlineNanos().map(d -> d - times.orElseThrow().stopMargin().toNanos());
    }

    /** No lease, or one whose time to stop has come. */
    public boolean isOverAt(long monotonicNanos) {
        return stopAtNanos().map(stop -> monotonicNanos - stop >= 0).orElse(true);
    }

    /** Time left until D - B; zero if none. */
    public Duration leftAt(long monotonicNanos) {
        long left = stopAtNanos().map(stop -> stop - monotonicNanos).orElse(0L);
        return Duration.ofNanos(Math.max(0, left));
    }
}
