package org.pgregent.launcher;

import java.time.Duration;
import org.pgregent.core.model.Settings;
import org.pgregent.core.port.Deadman;
import org.pgregent.core.port.Postgres;
import org.pgregent.core.port.Postgres.StopMode;
import org.pgregent.core.port.PostgresException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after a PostgreSQL that a former process of this agent left running, while the loop has not begun or never will: the
 * store cannot be asked, or this agent refuses to start. A guard that was left armed does what has to be done; without one the
 * lease may be over already.
 */
final class LeftRunning {

    private static final Logger LOG = LoggerFactory.getLogger(LeftRunning.class);
    private static final Duration LOOK = Duration.ofSeconds(3);
    private static final Duration STOP = Duration.ofSeconds(30);

    private final Postgres postgres;
    private final Deadman guard;
    private final Settings lastKnown;

    /** @param lastKnown the dynamic configuration as it was seen last, for in pause nobody is stopped */
    LeftRunning(Postgres postgres, Deadman guard, Settings lastKnown) {
        this.postgres = postgres;
        this.guard = guard;
        this.lastKnown = lastKnown;
    }

    void look() throws InterruptedException {
        if (lastKnown.paused() || !(postgres.observe(LOOK).mayBeWritable() || postgres.wasAskedToPromote())) {
            return;
        }
        if (!guard.observe().alive() && !guard.ensure(LOOK)) {
            LOG.warn("no guard can be started");
        }
        if (guard.observe().isArmed()) {
            return;
        }
        try {
            LOG.warn(
                    "PostgreSQL may take writes, no guard knows until when it may, and no agent looks after it: stopping it");
            postgres.stop(StopMode.IMMEDIATE, STOP);
        } catch (PostgresException e) {
            LOG.error("PostgreSQL could not be stopped, trying again: {}", e.getMessage());
        }
    }
}
