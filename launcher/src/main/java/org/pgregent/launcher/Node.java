package org.pgregent.launcher;

import com.google.inject.Guice;
import com.google.inject.Injector;
import com.google.inject.ProvisionException;
import com.google.inject.Stage;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.pgregent.core.agent.Agent;
import org.pgregent.core.port.PostgresException;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.launcher.rest.RestApi;
import org.pgregent.launcher.rest.RestServer;
import org.pgregent.pg.GuardProcess;
import org.pgregent.pg.PgPostgres;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One agent from start to end. */
final class Node {

    private static final Logger LOG = LoggerFactory.getLogger(Node.class);

    private final LauncherConfig config;
    private final List<String> hints;
    private final Reload reload;
    private final LogLevels levels = new LogLevels();
    private final Injector injector;
    private final Waker waker;
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final AtomicReference<Agent> agent = new AtomicReference<>();
    private final AtomicReference<RestServer> rest = new AtomicReference<>();
    private Optional<LauncherConfig> changed = Optional.empty();

    /** @param again where SIGHUP reads the configuration from */
    Node(LauncherConfig config, ProviderCatalog catalog, Reload.Source again) {
        this.config = config;
        this.hints = config.hints(catalog);
        this.reload = new Reload(again, catalog, config, this::reconfigure);
        this.injector = Guice.createInjector(Stage.DEVELOPMENT, new Wiring(config));
        this.waker = injector.getInstance(Waker.class);
    }

    /** Runs until the agent has ended; returns its exit code. Everything it opened is closed then. */
    int run() throws ConfigException {
        Signals.handle("TERM", this::stop);
        Signals.handle("INT", this::stop);
        levels.apply(config.document());
        Signals.handle("HUP", name -> reload.run());
        LOG.info(
                "pgregent {}: member {} of {}, {}", Agent.OWN_VERSION, config.name(), config.basePath(), config.rest());
        hints.forEach(LOG::warn);
        try (NodeLock lock = NodeLock.take(config.own().stateDir())) {
            LOG.debug("holding {}", lock);
            return runAlone();
        }
    }

    private int runAlone() throws ConfigException {
        Optional<Dcs> dcs = Optional.empty();
        try (PgPostgres postgres = injector.getInstance(PgPostgres.class);
                GuardProcess guard = injector.getInstance(GuardProcess.class)) {
            LOG.debug("with {} and {}", postgres, guard);
            try {
                dcs = Optional.of(injector.getInstance(Dcs.class));
                injector.getInstance(DuplicateName.class).check(stopping::get);
                if (stopping.get()) {
                    LOG.info("ending before the store was reached");
                    return 0;
                }
                return runAgent(postgres);
            } catch (ConfigException | ProvisionException e) {
                // Nobody is to come back soon: what is wrong has to be put right first.
                injector.getInstance(LeftRunning.class).look();
                throw e;
            }
        } catch (ProvisionException e) {
            throw explained(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        } finally {
            closeRest();
            Optional.ofNullable(agent.get()).ifPresent(Agent::close);
            dcs.ifPresent(Dcs::close);
        }
    }

    private int runAgent(PgPostgres postgres) throws ConfigException {
        Agent created = injector.getInstance(Agent.class);
        agent.set(created);
        try (ServiceRegistration services = injector.getInstance(ServiceRegistration.class)) {
            LOG.debug("with {}", services);
            refuseToStartLockedOut(postgres);
            rest.set(RestServer.start(config.rest(), injector.getInstance(RestApi.class)));
            catchUp();
            if (stopping.get()) {
                created.requestShutdown();
            }
            int code = new AgentThread(
                            () -> pass(created, postgres),
                            created::ended,
                            waker,
                            injector.getInstance(FaultHandler.class))
                    .run();
            if (postgres.lockedOut().isPresent()) {
                throw new ConfigException(postgres.lockedOut().get());
            }
            return code;
        } catch (IOException | PostgresException e) {
            throw new ConfigException(e.getMessage());
        }
    }

    private static Duration pass(Agent agent, PgPostgres postgres) {
        if (postgres.lockedOut().isPresent()) {
            agent.requestShutdown();
        }
        return agent.step();
    }

    /** An agent that cannot look into its PostgreSQL could neither keep it nor hand it over. */
    private static void refuseToStartLockedOut(PgPostgres postgres) throws ConfigException, PostgresException {
        Optional<String> refusal = postgres.refusal(Duration.ofSeconds(5));
        if (refusal.isPresent()) {
            throw new ConfigException(refusal.get() + ". PostgreSQL was left as it is.");
        }
    }

    /** What was read again before there was anybody to tell. */
    private synchronized void catchUp() {
        changed.ifPresent(this::reconfigure);
    }

    /** Hands on what may change while running. What does not exist yet is told once it does. */
    private synchronized void reconfigure(LauncherConfig next) {
        changed = Optional.of(next);
        levels.apply(next.document());
        Optional.ofNullable(rest.get()).ifPresent(server -> server.reconfigure(next.rest()));
        Optional.ofNullable(agent.get()).ifPresent(running -> {
            injector.getInstance(PgPostgres.class).reconfigure(next.postgres());
            running.reconfigure(next.tags(), next.postgresql());
        });
    }

    /** On a signal. The loop does the work and ends by itself. */
    private void stop(String signal) {
        LOG.info("received SIG{}, ending", signal);
        stopping.set(true);
        closeRest();
        Optional.ofNullable(agent.get()).ifPresent(Agent::requestShutdown);
        waker.run();
    }

    private void closeRest() {
        Optional.ofNullable(rest.getAndSet(null)).ifPresent(RestServer::close);
    }

    /** What a part refused at its making; anything else is a bug and stays one. */
    private static ConfigException explained(ProvisionException e) {
        Throwable cause = e.getCause();
        if (cause instanceof DcsException || cause instanceof PostgresException || cause instanceof IOException) {
            return new ConfigException(
                    cause instanceof IOException ? "the state folder cannot be made: " + cause : cause.getMessage());
        }
        throw e;
    }
}
