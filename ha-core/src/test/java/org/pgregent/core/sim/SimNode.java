package org.pgregent.core.sim;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.pgregent.core.agent.LocalNode;
import org.pgregent.core.agent.Ports;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.Tags;

/** A machine: its clocks, its PostgreSQL, its guard, and the agent that lives there, one life after the other. */
final class SimNode {

    private final SimCluster cluster;
    private final int index;
    private final NodeName name;
    private final SimClock clock;
    private final SimGuard guard;
    private final PgServer postgres;
    private Optional<SimProcess> process = Optional.empty();
    private Optional<SimAgent> agent = Optional.empty();
    private Optional<SimDcs> dcs = Optional.empty();
    private Optional<SimThread> loop = Optional.empty();
    private boolean poked;
    private boolean mayRestart = true;
    private int lives;
    private long frozenUntil;
    private long upSince;
    private String said = "";

    SimNode(SimCluster cluster, int index) {
        this.cluster = cluster;
        this.index = index;
        this.name = new NodeName("n" + (index + 1));
        this.clock = new SimClock(cluster.scheduler(), cluster.chance().nextLong(1_000_000_000_000_000L));
        this.guard = new SimGuard(this);
        this.postgres = new PgServer(this);
    }

    SimCluster cluster() {
        return cluster;
    }

    int index() {
        return index;
    }

    String name() {
        return name.value();
    }

    NodeName localName() {
        return name;
    }

    SimClock clock() {
        return clock;
    }

    SimGuard guard() {
        return guard;
    }

    PgServer postgres() {
        return postgres;
    }

    Optional<SimProcess> process() {
        return process.filter(SimProcess::isAlive);
    }

    Optional<SimDcs> dcs() {
        return dcs;
    }

    /** Counts the agents this machine has had. */
    int lives() {
        return lives;
    }

    /** How long the present agent is up and unfrozen; zero if it is not. */
    long upNanos() {
        return agentAnswers()
                ? cluster.scheduler().now() - Math.max(upSince, process.get().frozenUntil())
                : 0;
    }

    /** The present process of the agent has come to a decision. */
    boolean hasDecided() {
        return !said.isEmpty();
    }

    /** In its last decision. */
    boolean says(String words) {
        return said.contains(words);
    }

    boolean agentAnswers() {
        return process().map(p -> !p.isFrozen()).orElse(false) && !isFrozen();
    }

    /** The whole machine stands still. */
    boolean isFrozen() {
        return frozenUntil - cluster.scheduler().now() > 0;
    }

    void freezeMachine(long until) {
        frozenUntil = until;
        process().ifPresent(p -> p.freezeUntil(until));
    }

    void whenThawed(Runnable action) {
        if (isFrozen()) {
            cluster.scheduler().at(frozenUntil + 1, () -> whenThawed(action));
        } else {
            action.run();
        }
    }

    void startAgent() {
        if (process().isPresent()) {
            return;
        }
        lives++;
        upSince = cluster.scheduler().now();
        mayRestart = true;
        SimProcess life = new SimProcess(cluster.scheduler(), name() + "." + lives);
        process = Optional.of(life);
        cluster.trace().add(name(), "agent: started");
        loop = Optional.of(life.start("loop", () -> live(life)));
    }

    private void live(SimProcess life) {
        SimDcs connection = new SimDcs(this, life);
        dcs = Optional.of(connection);
        SplittableRandom chance = cluster.chance().split();
        Ports ports = cluster.mutated(
                this,
                new Ports(
                        connection,
                        new SimPostgres(this, life),
                        new SimDeadman(this, life),
                        new SimPeers(this, life),
                        clock.seenBy(life),
                        new SimTasks(this, life),
                        chance::nextLong,
                        () -> poke(life)));
        SimAgent mine = cluster.maker().make(local(), ports);
        agent = Optional.of(mine);
        SimThread thread = cluster.scheduler().current();
        while (mine.ended().isEmpty()) {
            poked = false;
            Duration sleep = mine.step();
            tell(mine.sentence());
            if (!poked && mine.ended().isEmpty()) {
                thread.awaitUntil(cluster.scheduler().now() + Math.max(1_000_000L, sleep.toNanos()));
            }
            thread.sleep(50_000L);
        }
        cluster.trace().add(name(), "agent: ended, " + mine.ended().orElseThrow());
        endAgent();
        restartLater(Duration.ofSeconds(5));
    }

    private void poke(SimProcess life) {
        if (life.isAlive() && process.equals(Optional.of(life))) {
            poked = true;
            loop.ifPresent(SimThread::wake);
        }
    }

    private void tell(String sentence) {
        if (!sentence.equals(said)) {
            said = sentence;
            cluster.trace().add(name(), "pass: " + sentence);
        }
    }

    /** As systemd would, unless a person stopped it or the machine is down. */
    void restartLater(Duration delay) {
        cluster.scheduler().after(delay.toNanos(), () -> {
            if (mayRestart) {
                whenThawed(this::startAgent);
            }
        });
    }

    /** The agent's process is gone, whatever it was at; PostgreSQL and the guard are not. */
    void endAgent() {
        dcs.ifPresent(SimDcs::drop);
        dcs = Optional.empty();
        agent = Optional.empty();
        postgres.exitHint = () -> {};
        said = "";
        process.ifPresent(SimProcess::end);
    }

    void crashAgent() {
        cluster.trace().add(name(), "FAULT agent crashes");
        if (guard.diesWithTheAgent) {
            guard.end();
        }
        endAgent();
    }

    /** Power is gone. */
    void crashMachine() {
        cluster.trace().add(name(), "FAULT machine crashes");
        mayRestart = false;
        endAgent();
        guard.end();
        postgres.kill("the machine crashed");
        clock.reboot(cluster.chance().nextLong(1_000_000_000_000_000L));
    }

    void shutDownAgent() {
        agent.ifPresent(a -> {
            cluster.trace().add(name(), "FAULT (a person) shuts the agent down");
            a.requestShutdown();
            loop.ifPresent(SimThread::wake);
            poked = true;
        });
    }

    /** The agent's last decision was to give the key to its successor. */
    boolean handsOver() {
        return agent.map(SimAgent::handsOver).orElse(false);
    }

    /** The agent is on its way to its end, and it is not the only member. */
    boolean endsAmongOthers() {
        return agent.map(SimAgent::endsAmongOthers).orElse(false);
    }

    void heal() {
        frozenUntil = cluster.scheduler().now();
        process().ifPresent(SimProcess::thaw);
        postgres.diskFullUntil = 0;
        postgres.slowUntil = 0;
        postgres.slowPromoteUntil = 0;
        mayRestart = true;
        if (process().isEmpty()) {
            restartLater(Duration.ofSeconds(1 + index));
        }
    }

    void postmasterEnded(Runnable hint) {
        hint.run();
        cluster.ledger().postmasterEnded(this);
    }

    private LocalNode local() {
        Map<String, Object> dynamic = cluster.setup().dynamicConfiguration();
        return new LocalNode(
                "sim",
                name,
                SimCluster.BASE,
                "postgres://" + name + ":5432/postgres",
                "http://" + name + ":8008/patroni",
                Tags.NONE,
                Optional.of(dynamic),
                lives > 1 ? Optional.of(dynamic) : Optional.empty(),
                Duration.ofSeconds(20));
    }
}
