package org.pgregent.dcs.zookeeper;

import java.time.Duration;
import java.util.Optional;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsProvider;

/** ZooKeeper, outside or embedded in the agents. */
public final class ZooKeeperProvider implements DcsProvider {

    @Override
    public String name() {
        return "zookeeper";
    }

    @Override
    public Duration shortestTtl() {
        return Duration.ofSeconds(5);
    }

    @Override
    public Dcs connect(DcsConfig config) throws DcsException {
        Optional<EmbeddedSettings> embedded = EmbeddedSettings.parse(config.section(), config.settings());
        ZooKeeperSettings settings = ZooKeeperSettings.parse(config.section(), config.settings(), embedded);
        if (embedded.isEmpty()) {
            ZooKeeperDcs dcs = new ZooKeeperDcs(settings, config.stateDir(), config.ttl(), () -> {});
            return settings.chroot().isEmpty() ? dcs : new ChrootedDcs(dcs, settings.chroot());
        }
        PeerWatch watch = PeerWatch.start(embedded.get());
        return new ZooKeeperDcs(settings, config.stateDir(), config.ttl(), watch::close);
    }

    /** To connect would be to start a server. */
    @Override
    public void check(DcsConfig config) throws DcsException {
        Optional<EmbeddedSettings> embedded = EmbeddedSettings.parse(config.section(), config.settings());
        ZooKeeperSettings.parse(config.section(), config.settings(), embedded);
    }
}
