package org.pgregent.dcs.consul;

import java.io.IOException;
import java.time.Duration;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsProvider;
import org.pgregent.dcs.spi.DcsRefusedException;

/** Consul, by way of the agent on this machine or a server. */
public final class ConsulProvider implements DcsProvider {

    @Override
    public String name() {
        return "consul";
    }

    /** Half of it is what can be counted on (ADR 8), and that must outlast an election of the servers. */
    @Override
    public Duration shortestTtl() {
        return Duration.ofSeconds(8);
    }

    @Override
    public Dcs connect(DcsConfig config) throws DcsException {
        ConsulSettings settings = ConsulSettings.parse(config.section(), config.settings());
        try {
            return new ConsulDcs(settings, config.nodeName());
        } catch (IOException e) {
            throw new DcsRefusedException(
                    config.section() + ".cacert, cert and key cannot be used: " + e.getMessage()
                            + "; correct the files",
                    e);
        }
    }
}
