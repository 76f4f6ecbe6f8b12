package org.pgregent.core.agent;

import java.util.function.LongSupplier;
import org.pgregent.core.port.Clock;
import org.pgregent.core.port.Deadman;
import org.pgregent.core.port.Peers;
import org.pgregent.core.port.Postgres;
import org.pgregent.core.port.Tasks;
import org.pgregent.dcs.spi.Dcs;

/**
 * All an agent has of the world.
 *
 * @param chance seeds for decisions that want one
 * @param waker ends the sleep between two passes; called from any thread, must not block
 */
public record Ports(
        Dcs dcs,
        Postgres postgres,
        Deadman deadman,
        Peers peers,
        Clock clock,
        Tasks tasks,
        LongSupplier chance,
        Runnable waker) {}
