package org.pgregent.launcher;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.pgregent.core.agent.Agent;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A node without PostgreSQL, from start to end. To open the store is to start its server; nothing is ever asked of it. */
final class Witness {

    private static final Logger LOG = LoggerFactory.getLogger(Witness.class);

    /** It takes no lease; a store only wants to know. */
    private static final Duration TTL = Duration.ofSeconds(30);

    private final WitnessConfig config;
    private final CountDownLatch ending = new CountDownLatch(1);

    Witness(WitnessConfig config) {
        this.config = config;
    }

    /** Runs until a signal ends it; returns the exit code. */
    int run() throws ConfigException, InterruptedException {
        for (String signal : List.of("TERM", "INT")) {
            Signals.handle(signal, this::stop);
        }
        Signals.handle(
                "HUP",
                name -> LOG.warn("the configuration is not read again: restart the witness, its quorum bears it"));
        new LogLevels().apply(config.document());
        config.hints().forEach(LOG::warn);
        try (NodeLock lock = NodeLock.take(config.own().stateDir());
                Dcs dcs = open()) {
            LOG.debug("holding {} and {}", lock, dcs);
            LOG.info(
                    "pgregent {}: witness {} of {}: a server of the quorum in {}, and no PostgreSQL",
                    Agent.OWN_VERSION,
                    config.name(),
                    config.scope(),
                    config.dataDir());
            ending.await();
        } catch (DcsException e) {
            throw new ConfigException(e.getMessage());
        } catch (IOException e) {
            throw new ConfigException("the state folder cannot be made: " + e);
        }
        LOG.info("the witness has ended");
        return 0;
    }

    private Dcs open() throws DcsException, IOException {
        LauncherConfig.Store store = config.store();
        return store.provider()
                .connect(new DcsConfig(
                        store.section(),
                        store.settings(),
                        config.name().value(),
                        config.own().privateFolder("store"),
                        TTL));
    }

    private void stop(String signal) {
        LOG.info("received SIG{}, ending", signal);
        ending.countDown();
    }
}
