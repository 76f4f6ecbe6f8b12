package org.pgregent.core.sim;

import java.time.Instant;
import org.pgregent.core.port.Clock;

/** The clocks of one machine: the monotonic one counts from its boot, the wall can be set. Reading is no scheduling point. */
final class SimClock implements Clock {

    static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");
    private final Scheduler scheduler;
    private long offsetNanos;
    private long wallOffsetNanos;

    SimClock(Scheduler scheduler, long offsetNanos) {
        this.scheduler = scheduler;
        this.offsetNanos = offsetNanos;
    }

    void reboot(long newOffsetNanos) {
        offsetNanos = newOffsetNanos;
    }

    void setWall(long byNanos) {
        wallOffsetNanos += byNanos;
    }

    @Override
    public long monotonicNanos() {
        return scheduler.now() + offsetNanos;
    }

    /** The true time of a moment on this machine's monotonic clock. */
    long trueTime(long monotonicNanos) {
        return monotonicNanos - offsetNanos;
    }

    @Override
    public Instant wall() {
        return EPOCH.plusNanos(scheduler.now() + wallOffsetNanos);
    }

    /** As this process sees them: a process that has ended sees nothing any more. */
    Clock seenBy(SimProcess process) {
        return new Clock() {
            @Override
            public long monotonicNanos() {
                requireAlive(process);
                return SimClock.this.monotonicNanos();
            }

            @Override
            public Instant wall() {
                requireAlive(process);
                return SimClock.this.wall();
            }
        };
    }

    private static void requireAlive(SimProcess process) {
        if (!process.isAlive()) {
            throw new SimCrash();
        }
    }
}
