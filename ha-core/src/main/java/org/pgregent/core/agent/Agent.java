package org.pgregent.core.agent;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgregent.core.cluster.ClusterLayout;
import org.pgregent.core.cluster.ClusterReader;
import org.pgregent.core.cluster.MemberFields;
import org.pgregent.core.cluster.MemberWriter;
import org.pgregent.core.decide.Action;
import org.pgregent.core.decide.Decider;
import org.pgregent.core.decide.Decision;
import org.pgregent.core.decide.Memory;
import org.pgregent.core.decide.Rule;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.DynamicConfig;
import org.pgregent.core.model.NodeView;
import org.pgregent.core.model.Now;
import org.pgregent.core.model.SafeTimes;
import org.pgregent.core.model.Settings;
import org.pgregent.core.model.Tags;
import org.pgregent.core.port.Postgres.StopMode;
import org.pgregent.core.port.PostgresException;
import org.pgregent.core.rules.RuleBook;
import org.pgregent.dcs.spi.Watch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loop: a lease in hand is kept, the world is read, one action is decided and done, this member is published.
 *
 * <p>{@link #step} is called by one thread only, again after the time it returned or as soon as the ports' waker ran. It blocks
 * no longer than one retry_timeout. {@link #requestShutdown} and {@link #statusBoard} may be used from any thread.
 */
public final class Agent implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);

    /** An effect that failed is not tried again at once, but soon enough for an election. */
    private static final Duration RETRY_FIRST = Duration.ofMillis(100);

    private static final Duration RETRY_MOST = Duration.ofSeconds(1);

    private static final Duration LEAST_PASS = Duration.ofMillis(300);

    /** The agent's own version, published beside the contract's. */
    public static final String OWN_VERSION = "0.1.0";

    private final Ports ports;
    private final Decider decider;
    private final StatusBoard board = new StatusBoard();
    private final ClusterReader clusterReader;
    private final NodeReader nodeReader;
    private final MemberWriter memberWriter;
    private final LeaseKeeper lease;
    private final TaskRunner tasks;
    private final Effects effects;
    private final Watch watch;
    private volatile boolean shutdownRequested;
    private volatile LocalNode local;
    private volatile boolean localChanged;
    private DynamicConfig config;
    private Settings settings;
    private Memory memory;
    private boolean lastSeenWritable;
    private Duration retryPause = RETRY_FIRST;
    private List<String> warned = List.of();
    private Optional<DynamicConfig> refused = Optional.empty();

    public Agent(LocalNode local, Ports ports) {
        this(local, ports, RuleBook.RULES, LastMomentCheck::leaseAndGuard);
    }

    /** For trials of what happens when a rule or the check is missing. */
    Agent(LocalNode local, Ports ports, List<Rule> rules, LastMomentCheck check) {
        this.local = local;
        this.ports = ports;
        this.decider = new Decider(rules);
        ClusterLayout layout = new ClusterLayout(local.basePath());
        this.clusterReader = new ClusterReader(ports.dcs(), layout, ports.clock());
        this.lease = new LeaseKeeper(ports.dcs(), ports.clock());
        this.tasks = new TaskRunner(ports.tasks(), ports.clock(), ports.waker());
        PeerKeeper peers = new PeerKeeper(ports.peers(), ports.clock(), ports.waker());
        this.memberWriter = new MemberWriter(
                ports.dcs(), layout, ports.clock(), new MemberFields(local.connUrl(), local.apiUrl(), OWN_VERSION));
        PostgresWork work = new PostgresWork(ports.postgres(), tasks, lease, ports.clock(), check);
        this.nodeReader =
                new NodeReader(() -> this.local, ports.postgres(), ports.deadman(), lease, tasks, peers, work);
        this.effects = new Effects(local, ports.dcs(), layout, ports.deadman(), lease, peers, work);
        this.config = new DynamicConfig(
                local.cachedConfig().or(local::bootstrapConfig).orElse(Map.of()));
        this.settings = settingsOf(config, local);
        this.memory = Memory.startingAt(ports.clock().monotonicNanos());
        this.watch = ports.dcs().watch(layout.wakingKeys(), ports.waker());
        ports.postgres().onExit(ports.waker());
    }

    public StatusBoard statusBoard() {
        return board;
    }

    /** Asks for a clean end: PostgreSQL is stopped, the key released, and a later pass ends the agent. */
    public void requestShutdown() {
        shutdownRequested = true;
        ports.waker().run();
    }

    /**
     * Takes over what this node's own configuration says now. From any thread; the next pass acts on it.
     *
     * @param postgresql own values that win over those of the cluster's section {@code postgresql}
     */
    public void reconfigure(Tags tags, Map<String, Object> postgresql) {
        local = local.with(tags, postgresql);
        localChanged = true;
        ports.waker().run();
    }

    /** The exit code, once this agent has ended. No more passes then. */
    public Optional<Integer> ended() {
        return effects.ending().map(Effects.Ending::exitCode);
    }

    public Optional<String> endMessage() {
        return effects.ending().map(Effects.Ending::message);
    }

    /** One pass. What the world does wrong is in the views, not thrown. */
    public Duration step() {
        Budget budget = Budget.of(ports.clock(), timeForThisPass());
        boolean leading = memory.leadsOn().isPresent()
                && memory.leadsOn().equals(lease.view().id());
        boolean renewed = lease.renewIfDue(settings, leading || lastSeenWritable, budget.next());
        if (renewed && leading && ports.deadman().observe().isArmed()) {
            effects.armGuard();
        }
        ClusterView cluster = clusterReader.read(budget.next());
        readSettings(cluster);
        NodeView node = nodeReader.read(budget.next(), effects.claim(), shutdownRequested);
        lastSeenWritable = node.mayBeWritable();
        Now now = new Now(
                ports.clock().monotonicNanos(),
                ports.clock().wall(),
                ports.chance().getAsLong());
        Decision decision;
        try {
            decision = decider.decide(cluster, node, settings, now, memory);
        } catch (RuntimeException e) {
            return failClosed(e);
        }
        boolean changed =
                board.show(new StatusBoard.Pass(cluster, node, settings, decision, now.monotonicNanos(), now.wall()));
        log(decision, cluster, changed);
        memory = decision.memory();
        boolean done = effects.run(decision.action(), new Effects.Context(cluster, settings, config, budget));
        publish(cluster, node, decision, budget);
        if (effects.ending().isPresent()) {
            end();
        }
        return done ? pauseAfterSuccess(decision) : pauseAfterFailure(decision);
    }

    /**
     * No pass begins a call after retry_timeout, and none outlasts the time at which a primary must begin to stop. When that time has come, a
     * pass of a node that takes writes does not wait for anybody: two calls to a silent store would use up all of B.
     */
    private Duration timeForThisPass() {
        Duration left = lease.view().leftAt(ports.clock().monotonicNanos());
        boolean leads = memory.leadsOn().isPresent() && lease.view().isHeld();
        if (!leads || (left.isZero() && !lastSeenWritable)) {
            return settings.retryTimeout();
        }
        Duration hurried = left.compareTo(LEAST_PASS) > 0 ? left : LEAST_PASS;
        return hurried.compareTo(settings.retryTimeout()) < 0 ? hurried : settings.retryTimeout();
    }

    private static Settings settingsOf(DynamicConfig config, LocalNode local) {
        return Settings.from(config.withLocal(local.postgresql()), local.shortestTtl());
    }

    private void readSettings(ClusterView cluster) {
        boolean given = cluster.reachable()
                && cluster.config().map(c -> !c.value().document().isEmpty()).orElse(false);
        boolean again = localChanged;
        localChanged = false;
        if (given
                && !cluster.config().get().value().equals(config)
                && isUsable(cluster.config().get().value())) {
            config = cluster.config().get().value();
            again = true;
        }
        if (again) {
            settings = settingsOf(config, local);
        }
        java.util.ArrayList<String> warnings = new java.util.ArrayList<>(settings.warnings());
        lease.view().times().flatMap(this::inequality).ifPresent(warnings::add);
        if (!warnings.equals(warned)) {
            warnings.forEach(LOG::warn);
            warned = List.copyOf(warnings);
        }
    }

    private boolean isUsable(DynamicConfig offered) {
        if (refused.equals(Optional.of(offered))) {
            return false;
        }
        Optional<String> reason = Settings.refusal(offered);
        if (reason.isPresent()) {
            LOG.error("the cluster's new configuration is not used, the one before it stays: {}", reason.get());
        }
        refused = reason.map(why -> offered);
        return reason.isEmpty();
    }

    private Optional<String> inequality(SafeTimes times) {
        return times.allows(settings.loopWait(), settings.retryTimeout())
                ? Optional.empty()
                : Optional.of(
                        ("loop_wait %d s + retry_timeout %d s + %.1f s to stop PostgreSQL do not fit into the lease of %.1f s;"
                                        + " sleeping %.1f s at most. Raise ttl or lower one of the others.")
                                .formatted(
                                        settings.loopWait().toSeconds(),
                                        settings.retryTimeout().toSeconds(),
                                        times.stopMargin().toMillis() / 1000.0,
                                        times.safeTtl().toMillis() / 1000.0,
                                        times.longestSleep(settings.loopWait(), settings.retryTimeout())
                                                        .toMillis()
                                                / 1000.0));
    }

    private void log(Decision decision, ClusterView cluster, boolean changed) {
        String prefix = settings.paused() ? "PAUSE: " : "";
        if (changed) {
            if (!decision.because().startsWith("no action. ")) {
                LOG.info(
                        "Lock owner: {}; I am {}",
                        cluster.leader().map(l -> l.name().value()).orElse("None"),
                        local.name());
            }
            LOG.info("{}{}", prefix, decision.because());
        } else {
            LOG.debug("{}{}", prefix, decision.because());
        }
    }

    private void publish(ClusterView cluster, NodeView before, Decision decision, Budget budget) {
        boolean unchanged =
                decision.action() instanceof Action.Wait || decision.action() instanceof Action.KeepLeadership;
        NodeView node = unchanged ? before : nodeReader.read(budget.next(), effects.claim(), shutdownRequested);
        memberWriter.publish(cluster, node, settings.paused(), lease.lease(), settings.loopWait(), budget.next());
    }

    private Duration pauseAfterSuccess(Decision decision) {
        retryPause = RETRY_FIRST;
        return decision.revisitIn();
    }

    private Duration pauseAfterFailure(Decision decision) {
        Duration pause = retryPause;
        Duration twice = retryPause.multipliedBy(2);
        retryPause = twice.compareTo(RETRY_MOST) < 0 ? twice : RETRY_MOST;
        Duration left = lease.view().leftAt(ports.clock().monotonicNanos());
        boolean pressing = lease.view().isHeld() && left.compareTo(pause) < 0;
        Duration sleep = pressing ? left.plusMillis(20) : pause;
        return decision.revisitIn().isZero() || decision.revisitIn().compareTo(sleep) > 0
                ? sleep
                : decision.revisitIn();
    }

    /** A decision that cannot be made is a broken invariant: stop taking writes, then end. */
    private Duration failClosed(RuntimeException broken) {
        LOG.error("no decision could be made; stopping PostgreSQL and ending this agent", broken);
        try {
            if (!settings.paused()) {
                ports.postgres().stop(StopMode.IMMEDIATE, Duration.ofSeconds(30));
            }
        } catch (PostgresException e) {
            LOG.error("PostgreSQL could not be stopped; the guard will", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        effects.run(
                new Action.End(1, "no decision could be made: " + broken),
                new Effects.Context(
                        ClusterView.UNKNOWN, settings, config, Budget.of(ports.clock(), Duration.ofSeconds(1))));
        end();
        return Duration.ZERO;
    }

    /** The guard goes too, unless something may still be writable without anybody to look after it. */
    private void end() {
        LOG.info("{}", effects.ending().orElseThrow().message());
        boolean writable = nodeReader
                .read(Duration.ofSeconds(3), effects.claim(), shutdownRequested)
                .mayBeWritable();
        if (!writable || settings.paused()) {
            ports.deadman().disarm(Duration.ofSeconds(1));
            ports.deadman().quit(Duration.ofSeconds(2));
        }
    }

    /** Ends the watch; the ports belong to whoever gave them. */
    @Override
    public void close() {
        watch.close();
    }
}
