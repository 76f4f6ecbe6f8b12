package org.pgregent.core.port;

import java.time.Instant;

/** The two times; see {@link org.pgregent.core.model.Now}. */
public interface Clock {

    /**
     * Nanoseconds of a clock that neither jumps nor stops, not even while the machine sleeps, and that the guard reads too.
     * Never later than the true time, so that a lease counted from it ends early rather than late.
     */
    long monotonicNanos();

    Instant wall();
}
