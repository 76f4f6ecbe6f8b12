package org.pgregent.launcher;

import java.time.Duration;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsProvider;
import org.pgregent.dcs.spi.DcsRefusedException;

/** A provider that is only found, never connected. */
public final class StubProvider implements DcsProvider {

    private final String name;

    public StubProvider(String name) {
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Duration shortestTtl() {
        return Duration.ofSeconds(5);
    }

    @Override
    public Dcs connect(DcsConfig config) throws DcsException {
        throw new DcsRefusedException("this is no store");
    }
}
