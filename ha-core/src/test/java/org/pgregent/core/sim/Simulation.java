package org.pgregent.core.sim;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A seed's course: the cluster forms, misfortune strikes while the invariants are checked after every event, all is healed,
 * and then it must come right within a bound.
 *
 * <pre>{@code
 * Simulation.of(seed).nodes(3).during(Fault.covered(), Duration.ofMinutes(10)).converges(Duration.ofSeconds(180)).run();
 * }</pre>
 */
final class Simulation {

    private static final long SECOND = 1_000_000_000L;
    private static final Duration FORMING_MAX = Duration.ofMinutes(2);

    /**
     * @param violation the invariant broken and how, if any
     * @param endedAt simulated time
     * @param handOvers how often a leader released its key because a person asked for it
     * @param handedOver how often somebody else was primary after that
     * @param twins nodes that in the end waited for a person, because two promotions had chosen one timeline number
     */
    record Result(
            long seed,
            Setup setup,
            Optional<Violation> violation,
            long traceHash,
            List<String> trace,
            Duration endedAt,
            long events,
            long acknowledged,
            int leaders,
            int handOvers,
            int handedOver,
            int twins) {

        boolean passed() {
            return violation.isEmpty();
        }

        /** For a person: what broke, the last lines before it, and how to see it again. */
        String report(int lines) {
            StringBuilder text = new StringBuilder(
                    "seed " + seed + ": " + violation.map(Throwable::getMessage).orElse("passed") + "\n");
            text.append(setup).append('\n');
            trace.subList(Math.max(0, trace.size() - lines), trace.size())
                    .forEach(line -> text.append(line).append('\n'));
            return text.append("replay: bin/simulate --seed ")
                    .append(seed)
                    .append(" --seeds 1 --nodes ")
                    .append(setup.nodes())
                    .append(" --trace")
                    .toString();
        }
    }

    private final long seed;
    private int nodes;
    private Set<Fault> faults = Fault.covered();
    private Duration faultTime = Duration.ofMinutes(10);
    private Optional<Duration> converges = Optional.empty();
    private boolean keepTrace;
    private Mutant mutant = Mutant.NONE;
    private Optional<SimAgent.Maker> maker = Optional.empty();

    private Simulation(long seed) {
        this.seed = seed;
    }

    static Simulation of(long seed) {
        return new Simulation(seed);
    }

    /** Zero: three or five, as the seed says. */
    Simulation nodes(int count) {
        nodes = count;
        return this;
    }

    Simulation during(Set<Fault> allowed, Duration time) {
        faults = allowed;
        faultTime = time;
        return this;
    }

    Simulation converges(Duration within) {
        converges = Optional.of(within);
        return this;
    }

    Simulation keepingTheTrace(boolean all) {
        keepTrace = all;
        return this;
    }

    Simulation with(Mutant mistake) {
        mutant = mistake;
        return this;
    }

    Simulation running(SimAgent.Maker agents) {
        maker = Optional.of(agents);
        return this;
    }

    Result run() {
        Setup setup = Setup.draw(seed, nodes, faults);
        SimCluster cluster = new SimCluster(setup, maker.orElse(mutant.agents()::apply), mutant, keepTrace);
        Optional<Violation> violation = Optional.empty();
        try {
            live(cluster);
        } catch (Violation broken) {
            cluster.store().dump(line -> cluster.trace().add("store", line));
            cluster.trace().add("!!!", broken.getMessage());
            violation = Optional.of(broken);
        } catch (IllegalStateException broken) {
            cluster.trace().add("!!!", broken.getMessage());
            violation = Optional.of(unexpected(broken));
        } finally {
            cluster.scheduler().close();
        }
        return new Result(
                seed,
                setup,
                violation,
                cluster.trace().hash(),
                cluster.trace().lines(),
                Duration.ofNanos(cluster.scheduler().now()),
                cluster.scheduler().events(),
                cluster.ledger().acknowledgedCount(),
                cluster.ledger().leaderCount(),
                cluster.orders().handOvers(),
                cluster.orders().completed(),
                cluster.twins());
    }

    private static Violation unexpected(IllegalStateException broken) {
        Violation violation = new Violation("nothing-unexpected-is-thrown", broken.getMessage());
        violation.initCause(broken);
        return violation;
    }

    private void live(SimCluster cluster) {
        Scheduler scheduler = cluster.scheduler();
        mutant.world().accept(cluster);
        cluster.begin();
        if (cluster.setup().faultsFromStart()) {
            cluster.faults().begin();
        } else {
            awaitConvergence(cluster, FORMING_MAX, "forming");
            cluster.ledger().settled();
            cluster.faults().begin();
        }
        long end = scheduler.now() + faultTime.toNanos();
        while (scheduler.now() < end) {
            scheduler.runUntil(Math.min(end, scheduler.now() + 10 * SECOND));
        }
        if (converges.isPresent()) {
            cluster.faults().end();
            heal(cluster);
            awaitConvergence(cluster, converges.get(), "healing");
        }
    }

    private void heal(SimCluster cluster) {
        cluster.faults().healWorld();
        cluster.operator().emptiesForeignFolders();
        boolean[] resumed = {false};
        cluster.operator().resumeCarefully(() -> resumed[0] = true);
        while (!resumed[0]) {
            cluster.scheduler().runUntil(cluster.scheduler().now() + SECOND);
        }
    }

    /** It must be right for a few seconds in a row. */
    private void awaitConvergence(SimCluster cluster, Duration within, String phase) {
        Scheduler scheduler = cluster.scheduler();
        long began = scheduler.now();
        int right = 0;
        while (right < 12) {
            scheduler.runUntil(scheduler.now() + SECOND / 4);
            right = cluster.hasConverged() ? right + 1 : 0;
            if (scheduler.now() - began > within.toNanos() && right == 0) {
                throw new Violation(
                        Invariant.CONVERGES,
                        within.toSeconds() + " s after " + phase + ": "
                                + cluster.missing().orElse(""));
            }
        }
        cluster.trace().add("all", "converged within " + (scheduler.now() - began) / SECOND + " s");
        cleanHandOver(cluster);
    }

    /** If nothing but clean shutdowns and orders happened, every acknowledged write is still there. */
    private void cleanHandOver(SimCluster cluster) {
        if (cluster.setup().isOrderly()) {
            cluster.ledger().lastAcknowledged().ifPresent(last -> {
                if (!cluster.primary()
                        .map(p -> last.isPrefixOf(p.postgres().wal))
                        .orElse(true)) {
                    throw new Violation(Invariant.CLEAN_HANDOVER, "the write acknowledged at " + last + " is gone");
                }
            });
        }
    }
}
