package org.pgregent.launcher;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.pgregent.core.agent.Agent;
import org.pgregent.core.agent.LocalNode;
import org.pgregent.core.agent.Ports;
import org.pgregent.core.cluster.ClusterLayout;
import org.pgregent.core.model.DynamicConfig;
import org.pgregent.core.model.Settings;
import org.pgregent.core.port.Clock;
import org.pgregent.core.port.Deadman;
import org.pgregent.core.port.Peers;
import org.pgregent.core.port.Postgres;
import org.pgregent.core.port.PostgresException;
import org.pgregent.core.port.Tasks;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.launcher.rest.ConfigApi;
import org.pgregent.launcher.rest.HandoverApi;
import org.pgregent.launcher.rest.HttpPeers;
import org.pgregent.launcher.rest.RestApi;
import org.pgregent.launcher.rest.StoreDesk;
import org.pgregent.pg.BootClock;
import org.pgregent.pg.GuardProcess;
import org.pgregent.pg.PgPostgres;

/** Puts the parts of one agent together; each exists once. */
final class Wiring extends AbstractModule {

    private final LauncherConfig config;

    Wiring(LauncherConfig config) {
        this.config = config;
    }

    @Override
    protected void configure() {
        bind(LauncherConfig.class).toInstance(config);
        bind(Clock.class).to(BootClock.class).in(Singleton.class);
        bind(Waker.class).in(Singleton.class);
        bind(Tasks.class).to(ThreadTasks.class).in(Singleton.class);
        bind(Peers.class).to(HttpPeers.class).in(Singleton.class);
        bind(Postgres.class).to(PgPostgres.class);
        bind(Deadman.class).to(GuardProcess.class);
    }

    @Provides
    @Singleton
    DynamicConfigFile dynamicConfigFile() {
        return new DynamicConfigFile(config.postgres().folders().dataDir());
    }

    @Provides
    @Singleton
    LocalNode localNode(DynamicConfigFile cached) {
        return new LocalNode(
                config.scope(),
                config.name(),
                config.basePath(),
                config.connUrl(),
                config.rest().apiUrl(),
                config.tags(),
                config.bootstrap(),
                cached.load(),
                config.own().minimumTtl(),
                config.postgresql());
    }

    @Provides
    @Singleton
    PgPostgres postgres() throws PostgresException {
        return new PgPostgres(config.postgres());
    }

    @Provides
    @Singleton
    GuardProcess guard() {
        return new GuardProcess(config.postgres());
    }

    @Provides
    @Singleton
    Dcs dcs(LocalNode local) throws DcsException, IOException {
        LauncherConfig.Store store = config.store();
        return store.provider()
                .connect(new DcsConfig(
                        store.section(),
                        store.settings(),
                        config.name().value(),
                        config.own().privateFolder("store"),
                        lastKnown(local).ttl()));
    }

    @Provides
    @Singleton
    DuplicateName duplicateName(Dcs dcs, LocalNode local, Waker waker, LeftRunning leftRunning) {
        return new DuplicateName(dcs, new ClusterLayout(local.basePath()), local.name(), waker, leftRunning);
    }

    @Provides
    @Singleton
    LeftRunning leftRunning(LocalNode local, Postgres postgres, Deadman deadman) {
        return new LeftRunning(postgres, deadman, lastKnown(local));
    }

    private static Settings lastKnown(LocalNode local) {
        Map<String, Object> dynamic =
                local.cachedConfig().or(local::bootstrapConfig).orElse(Map.of());
        return Settings.from(new DynamicConfig(dynamic), local.shortestTtl());
    }

    @Provides
    @Singleton
    ServiceRegistration serviceRegistration(LocalNode local, Dcs dcs) {
        return new ServiceRegistration(local, dcs.services());
    }

    @Provides
    @Singleton
    Agent agent(
            LocalNode local,
            Dcs dcs,
            Postgres postgres,
            Deadman deadman,
            Peers peers,
            Clock clock,
            Tasks tasks,
            Waker waker,
            DynamicConfigFile cached,
            ServiceRegistration services) {
        Agent agent = new Agent(
                local,
                new Ports(
                        dcs,
                        postgres,
                        deadman,
                        peers,
                        clock,
                        tasks,
                        () -> ThreadLocalRandom.current().nextLong(),
                        waker));
        agent.statusBoard().onPass(cached::keep);
        agent.statusBoard().onPass(services::onPass);
        return agent;
    }

    @Provides
    @Singleton
    FaultHandler faultHandler(Postgres postgres, Agent agent) {
        return new FaultHandler(postgres, () -> agent.statusBoard()
                .last()
                .map(pass -> pass.settings().paused())
                .orElse(false));
    }

    @Provides
    @Singleton
    RestApi restApi(LocalNode local, Agent agent, Dcs dcs, Postgres postgres, Clock clock, Peers peers, Waker waker) {
        ClusterLayout layout = new ClusterLayout(local.basePath());
        StoreDesk desk = new StoreDesk(dcs, layout, peers, clock, waker);
        return new RestApi(
                local,
                agent.statusBoard(),
                dcs,
                postgres,
                clock,
                HandoverApi.over(desk, local.shortestTtl()),
                new ConfigApi(dcs, layout, local.shortestTtl(), waker),
                config.rest());
    }
}
