package org.pgregent.dcs.etcd;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsProvider;

/** etcd 3.4 or later. */
public final class EtcdProvider implements DcsProvider {

    @Override
    public String name() {
        return "etcd";
    }

    @Override
    public Set<String> sections() {
        return Collections.unmodifiableSet(new LinkedHashSet<>(List.of("etcd3", "etcd")));
    }

    /**
     * With its usual timers etcd grants 2 s and more, and takes 1 to 2.2 s to replace a lost leading server, during which
     * nothing is renewed. A shorter ttl would make every such loss a loss of the lease.
     */
    @Override
    public Duration shortestTtl() {
        return Duration.ofSeconds(5);
    }

    @Override
    public Dcs connect(DcsConfig config) throws DcsException {
        EtcdSettings settings = EtcdSettings.parse(config.section(), config.settings());
        return EtcdDcs.open(settings, config.ttl(), new SrvLookup(SrvLookup.SYSTEM));
    }
}
