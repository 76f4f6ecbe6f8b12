package org.pgregent.pg;

import java.time.Instant;
import org.pgregent.core.port.Clock;

/**
 * The machine's time since it started, as {@code /proc/uptime} tells it (CLOCK_BOOTTIME): it neither jumps nor stops while
 * the machine sleeps, and the guard, a process of its own, reads the same. In steps of 10 ms, rounded down.
 */
public final class BootClock implements Clock {

    @Override
    public long monotonicNanos() {
        return ProcFs.uptimeMillis() * 1_000_000;
    }

    @Override
    public Instant wall() {
        return Instant.now();
    }
}
