package org.pgregent.launcher;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.pgregent.core.port.Postgres;
import org.pgregent.core.port.Postgres.StopMode;
import org.pgregent.core.port.PostgresException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The answer to what must not happen: nothing stays writable without an agent that knows what it does. A standby is left alone,
 * and so is everything while the cluster is paused. Whatever is not stopped here the guard stops at its deadline.
 */
final class FaultHandler implements Consumer<Throwable> {

    private static final Logger LOG = LoggerFactory.getLogger(FaultHandler.class);

    private final Postgres postgres;
    private final BooleanSupplier paused;

    FaultHandler(Postgres postgres, BooleanSupplier paused) {
        this.postgres = postgres;
        this.paused = paused;
    }

    @Override
    public void accept(Throwable broken) {
        LOG.error("this agent is broken and ends", broken);
        try {
            if (!paused.getAsBoolean()
                    && postgres.observe(Duration.ofSeconds(2)).mayBeWritable()) {
                LOG.error("stopping PostgreSQL, for it may be writable");
                postgres.stop(StopMode.IMMEDIATE, Duration.ofSeconds(30));
            }
        } catch (PostgresException e) {
            LOG.error("PostgreSQL could not be stopped; the guard will: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
