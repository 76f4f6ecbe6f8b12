package org.pgregent.dcs.spi;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * A promise of the store to keep this node's keys for a while.
 *
 * @param id the store's name for it, unique among all leases ever granted
 * @param ttl what the store really granted, which may differ from what was asked
 * @param slack by how much the store may end it early, counted from before the request: rounding, election ticks, lag
 *     between its servers
 */
public record Lease(String id, Duration ttl, Duration slack) {

    public Lease {
        requireNonNull(id, "id");
        if (ttl.isNegative() || ttl.isZero()) {
            throw new IllegalArgumentException("ttl must be positive, is " + ttl);
        }
        if (slack.isNegative() || slack.compareTo(ttl) >= 0) {
            throw new IllegalArgumentException(
                    "slack must be at least zero and below the ttl " + ttl + ", is " + slack);
        }
    }

    /** How long nobody else can get this lease's keys, counted from before the request was sent. */
    public Duration safeTtl() {
        return ttl.minus(slack);
    }
}
