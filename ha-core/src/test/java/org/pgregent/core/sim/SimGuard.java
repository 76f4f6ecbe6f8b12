package org.pgregent.core.sim;

import java.time.Duration;
import java.util.Optional;

/**
 * The guard process of a machine: outlives the agent, and from its deadline less the margin on kills every postmaster of the
 * data folder, for as long as nobody sets a newer deadline. Asks first (SIGQUIT at D - G), insists later (SIGKILL at
 * D - G/2).
 */
final class SimGuard {

    private static final long MILLI = 1_000_000L;
    private final SimCluster cluster;
    private final SimNode node;
    private final Scheduler scheduler;
    /** Mistakes that mutants make. */
    boolean waitsForTheDeadline;

    boolean believed;
    boolean diesWithTheAgent;
    private boolean alive;
    private Optional<Long> deadline = Optional.empty();
    private long marginNanos;
    private long epoch;
    private int number;

    SimGuard(SimNode node) {
        this.node = node;
        this.cluster = node.cluster();
        this.scheduler = cluster.scheduler();
    }

    boolean isAlive() {
        return alive;
    }

    /** Tells one guard of this machine from the next. */
    int number() {
        return number;
    }

    Optional<Long> deadlineNanos() {
        return alive ? deadline : Optional.empty();
    }

    /** D - B, as far as the guard knows D: B is twice the G it was told. */
    Optional<Long> stopAtNanos() {
        return deadlineNanos().map(d -> d - 2 * marginNanos);
    }

    /** Alive, and armed if its PostgreSQL takes or may come to take writes: the machine stands one more fault. */
    boolean isSound() {
        return alive && (believed || deadline.isPresent() || !node.postgres().isPrimaryOrBecoming());
    }

    void start() {
        if (!alive) {
            alive = true;
            number++;
            deadline = Optional.empty();
            epoch++;
        }
    }

    void end() {
        alive = false;
        deadline = Optional.empty();
        epoch++;
    }

    boolean arm(long deadlineNanos, Duration margin) {
        if (!alive) {
            return false;
        }
        deadline = Optional.of(deadlineNanos);
        marginNanos = margin.toNanos();
        long now = ++epoch;
        long atQuit = node.clock().trueTime(deadlineNanos) - (waitsForTheDeadline ? 0 : marginNanos);
        scheduler.at(atQuit + chance(20), () -> unlessNewer(now, () -> ask(now)));
        scheduler.at(atQuit + marginNanos / 2, () -> unlessNewer(now, this::insist));
        return true;
    }

    boolean disarm() {
        if (!alive) {
            return false;
        }
        deadline = Optional.empty();
        epoch++;
        return true;
    }

    private boolean isExpired() {
        return alive && deadline.isPresent() && node.clock().monotonicNanos() - (deadline.get() - marginNanos) >= 0;
    }

    private void unlessNewer(long then, Runnable action) {
        node.whenThawed(() -> {
            if (epoch == then && alive) {
                action.run();
            }
        });
    }

    /** SIGQUIT: most die of it soon, one that hangs does not. */
    private void ask(long then) {
        PgServer pg = node.postgres();
        if (pg.isAlive()) {
            cluster.trace().add(node.name(), "guard: SIGQUIT, the deadline is near");
            cluster.ledger().guardHadTo(node);
            if (pg.slowUntil <= scheduler.now()) {
                long postmaster = pg.postmaster;
                long took = 5 * MILLI + Math.floorMod(cluster.chance().nextLong(), Math.max(1, marginNanos / 4));
                scheduler.after(
                        took,
                        () -> unlessNewer(then, () -> {
                            if (pg.postmaster == postmaster) {
                                pg.kill("SIGQUIT of the guard");
                            }
                        }));
            }
        }
    }

    /** SIGKILL, from which nothing recovers; the kernel still needs a while to clear away a large process. */
    private void insist() {
        long then = epoch;
        if (node.postgres().isAlive()) {
            cluster.trace().add(node.name(), "guard: SIGKILL");
            scheduler.after(
                    chance(Math.max(1, marginNanos / 2 / MILLI - 1)),
                    () -> unlessNewer(then, () -> {
                        node.postgres().kill("SIGKILL of the guard");
                    }));
        }
    }

    /** A postmaster appeared: not for long, if the deadline is over. */
    void sawPostmaster() {
        if (isExpired()) {
            long then = epoch;
            scheduler.after(
                    chance(40),
                    () -> unlessNewer(then, () -> node.postgres().kill("SIGKILL of the guard, the deadline is over")));
        }
    }

    private long chance(long millisMax) {
        return cluster.chance().nextLong(Math.max(1, millisMax)) * MILLI + 1;
    }
}
