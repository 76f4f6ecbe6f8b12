package org.pgregent.core.sim;

import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.pgregent.core.model.PostgresSettings;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.PostgresView.DataDir;
import org.pgregent.core.model.Role;
import org.pgregent.core.model.SlotPlan;
import org.pgregent.core.model.TaskView.Divergence;
import org.pgregent.core.model.Upstream;
import org.pgregent.core.port.Postgres;
import org.pgregent.core.port.PostgresException;
import org.pgregent.core.sim.PgServer.State;

/** A process's hand on the {@link PgServer} of its machine. It asks and then looks, as pg_ctl does. */
final class SimPostgres extends SimPort implements Postgres {

    private static final long POLL = 100_000_000L;
    private static final long MILLI = 1_000_000L;
    private final PgServer pg;
    private Optional<String> configuration = Optional.empty();

    SimPostgres(SimNode node, SimProcess process) {
        super(node, process);
        this.pg = node.postgres();
    }

    @Override
    public PostgresView observe(Duration timeout) {
        SimThread thread = enter("observe", 4 * MILLI);
        PostgresView view = PgViews.of(node, configuration);
        thread.sleep(chance.nextLong(4 * MILLI));
        return view;
    }

    @Override
    public void initialize(Duration timeout) throws PostgresException, InterruptedException {
        SimThread thread = enter("initdb", 20 * MILLI);
        requireFillable("initdb");
        pg.folder = DataDir.UNFINISHED;
        work(thread, "initdb", 800 * MILLI, 2500 * MILLI, timeout, () -> true);
        pg.initialized(cluster.newSystemId());
        cluster.trace().add(node.name(), "postgres: initdb made a new cluster " + pg.systemId.orElseThrow());
        leave(thread, "initdb");
    }

    @Override
    public void startPrimary(PostgresSettings settings, Duration timeout)
            throws PostgresException, InterruptedException {
        cluster.ledger().aboutToBecomeWritable(node);
        start("start primary", true, settings, Optional.empty(), timeout);
    }

    @Override
    public void startReplica(PostgresSettings settings, Optional<Upstream> upstream, Duration timeout)
            throws PostgresException, InterruptedException {
        start("start replica", false, settings, upstream, timeout);
    }

    private void start(
            String what, boolean primary, PostgresSettings settings, Optional<Upstream> upstream, Duration timeout)
            throws PostgresException, InterruptedException {
        SimThread thread = enter(what, 30 * MILLI);
        interruptible(thread);
        if (pg.folder != DataDir.PRESENT) {
            throw new PostgresException("there is no data folder to start");
        }
        if (pg.state == State.STOPPING || (pg.isAlive() && primary == pg.standbySignal)) {
            throw new PostgresException("a postmaster of this folder runs already, as something else");
        }
        if (!pg.isAlive() && !pg.start(primary, upstream)) {
            throw new PostgresException("could not start: no space left on device");
        }
        configuration = Optional.of(settings.fingerprint());
        await(thread, what, timeout, () -> pg.state != State.STARTING);
        if (pg.state != State.RUNNING) {
            throw new PostgresException("the postmaster ended while starting");
        }
        leave(thread, what);
    }

    @Override
    public void follow(PostgresSettings settings, Optional<Upstream> upstream, Duration timeout)
            throws PostgresException, InterruptedException {
        SimThread thread = enter("follow", 30 * MILLI);
        interruptible(thread);
        if (!pg.isReplica()) {
            throw new PostgresException("no running standby to point elsewhere");
        }
        pg.upstream = upstream;
        configuration = Optional.of(settings.fingerprint());
        leave(thread, "follow");
    }

    @Override
    public void stop(StopMode mode, Duration timeout) throws PostgresException, InterruptedException {
        SimThread thread = enter("stop", 10 * MILLI);
        interruptible(thread);
        if (pg.isAlive()) {
            pg.stop(mode == StopMode.FAST);
            await(thread, "stop", timeout, () -> !pg.isAlive() || pg.looksStoppedTooEarly);
        }
        leave(thread, "stop");
    }

    @Override
    public void promote(Duration timeout) throws PostgresException, InterruptedException {
        cluster.ledger().aboutToBecomeWritable(node);
        SimThread thread = enter("promote", 10 * MILLI);
        interruptible(thread);
        if (pg.state == State.RUNNING && pg.role.equals(Optional.of(Role.PRIMARY))) {
            return;
        }
        if (!pg.isReplica()) {
            throw new PostgresException("no running standby to promote");
        }
        pg.promote();
        long postmaster = pg.postmaster;
        await(thread, "promote", timeout, () -> !pg.promoting);
        if (pg.postmaster != postmaster || pg.state != State.RUNNING || !pg.role.equals(Optional.of(Role.PRIMARY))) {
            throw new PostgresException("the postmaster ended during the promotion");
        }
        leave(thread, "promote");
    }

    @Override
    public boolean wasAskedToPromote() {
        return pg.promoting;
    }

    @Override
    public void checkpoint(Duration timeout) throws PostgresException, InterruptedException {
        SimThread thread = enter("checkpoint", 30 * MILLI);
        work(
                thread,
                "checkpoint",
                20 * MILLI,
                1500 * MILLI,
                timeout,
                () -> pg.acceptsWrites() && pg.state == State.RUNNING);
        pg.checkpointed();
        leave(thread, "checkpoint");
    }

    @Override
    public void cloneFrom(Upstream source, Duration timeout) throws PostgresException, InterruptedException {
        SimThread thread = enter("clone", 30 * MILLI);
        requireFillable("clone");
        SimNode from = cluster.node(source.host());
        pg.folder = DataDir.UNFINISHED;
        work(thread, "pg_basebackup", 1500 * MILLI, 6000 * MILLI, timeout, () -> serves(from));
        pg.copied(from.postgres(), from.postgres().control);
        cluster.trace().add(node.name(), "postgres: cloned from " + from.name() + " at " + pg.wal);
        leave(thread, "clone");
    }

    @Override
    public Divergence compareWith(Upstream leader, Duration timeout) throws PostgresException, InterruptedException {
        SimThread thread = enter("compare", 30 * MILLI);
        SimNode other = cluster.node(leader.host());
        work(thread, "asking the leader", 5 * MILLI, 100 * MILLI, timeout, () -> serves(other));
        if (pg.folder != DataDir.PRESENT || (!pg.isAlive() && !pg.control.startsWith("shut down"))) {
            throw new PostgresException("this folder's WAL cannot be compared in state '" + pg.control + "'");
        }
        boolean same = pg.systemId.equals(other.postgres().systemId) && pg.wal.isPrefixOf(other.postgres().wal);
        return same ? Divergence.NONE : Divergence.DIVERGED;
    }

    @Override
    public void rewindFrom(Upstream leader, Duration timeout) throws PostgresException, InterruptedException {
        SimThread thread = enter("rewind", 30 * MILLI);
        SimNode from = cluster.node(leader.host());
        if (pg.isAlive() || pg.folder != DataDir.PRESENT || !pg.control.startsWith("shut down")) {
            throw new PostgresException("pg_rewind: target server must be shut down cleanly");
        }
        if (!cluster.setup().rewinds()) {
            throw new PostgresException("pg_rewind: needs data checksums or wal_log_hints");
        }
        work(
                thread,
                "pg_rewind",
                400 * MILLI,
                2500 * MILLI,
                timeout,
                () -> serves(from) && !from.postgres().standbySignal);
        if (from.postgres().wal.branch().timeline() == pg.wal.branch().timeline()) {
            cluster.trace()
                    .add(
                            node.name(),
                            "postgres: pg_rewind: source and target are on the same timeline, no rewind required");
        } else if (from.postgres().isCheckpointed()) {
            cluster.trace().add(node.name(), "postgres: rewound from " + pg.wal + " to " + from.postgres().wal);
            pg.copied(from.postgres(), "in archive recovery");
        } else {
            // pg_rewind reads the source's timeline from its last checkpoint, and so sees nothing to do.
            cluster.trace().add(node.name(), "postgres: pg_rewind saw the source on its old timeline and did nothing");
        }
        leave(thread, "rewind");
    }

    @Override
    public void recoverCrash(Duration timeout) throws PostgresException, InterruptedException {
        SimThread thread = enter("single-user mode", 30 * MILLI);
        requireStopped("single-user mode");
        work(thread, "single-user mode", 500 * MILLI, 3000 * MILLI, timeout, () -> !pg.diskFull());
        if (!pg.control.startsWith("shut down")) {
            pg.recovered();
        }
        leave(thread, "single-user mode");
    }

    @Override
    public void setAside() throws PostgresException, InterruptedException {
        SimThread thread = enter("set aside", 30 * MILLI);
        requireStopped("set aside");
        interruptible(thread);
        cluster.ledger().folderGone(node, false);
        pg.emptied();
    }

    @Override
    public void removeData() throws PostgresException, InterruptedException {
        SimThread thread = enter("remove data", 30 * MILLI);
        requireStopped("remove data");
        interruptible(thread);
        cluster.ledger().folderGone(node, true);
        pg.emptied();
    }

    @Override
    public void applyConfiguration(PostgresSettings settings, Duration timeout)
            throws PostgresException, InterruptedException {
        enter("apply configuration", 5 * MILLI);
        if (pg.diskFull()) {
            throw new PostgresException("no space left on device");
        }
        configuration = Optional.of(settings.fingerprint());
    }

    @Override
    public void syncSlots(SlotPlan plan, Duration timeout) throws PostgresException, InterruptedException {
        enter("slots", 5 * MILLI);
        if (pg.state != State.RUNNING || pg.diskFull()) {
            throw new PostgresException("slots need a running PostgreSQL");
        }
        pg.slots.addAll(plan.create());
        plan.drop().forEach(pg.slots::remove);
    }

    @Override
    public void onExit(Runnable hint) {
        requireAlive();
        pg.exitHint = () -> process.deliver(MILLI + chance.nextLong(40 * MILLI), hint);
    }

    private boolean serves(SimNode other) {
        return other != node
                && other.postgres().state == State.RUNNING
                && !other.isFrozen()
                && cluster.replication().reaches(node, other);
    }

    private void requireFillable(String what) throws PostgresException {
        if (pg.folder != DataDir.EMPTY && pg.folder != DataDir.UNFINISHED) {
            throw new PostgresException(what + ": the data folder is not empty");
        }
        if (pg.diskFull()) {
            throw new PostgresException(what + ": no space left on device");
        }
    }

    private void requireStopped(String what) throws PostgresException {
        if (pg.isAlive()) {
            throw new PostgresException(what + ": PostgreSQL runs");
        }
    }

    private void interruptible(SimThread thread) throws InterruptedException {
        if (thread.takeCancelled()) {
            throw new InterruptedException();
        }
    }

    /** Looks every tenth of a second, as pg_ctl does. */
    private void await(SimThread thread, String what, Duration timeout, BooleanSupplier reached)
            throws PostgresException, InterruptedException {
        long deadline = scheduler.now() + timeout.toNanos();
        while (!reached.getAsBoolean()) {
            if (scheduler.now() >= deadline) {
                throw new PostgresException(what + " did not end within " + timeout.toMillis() + " ms");
            }
            thread.awaitUntil(Math.min(deadline, scheduler.now() + POLL));
            interruptible(thread);
        }
    }

    /** A program that runs for a while, as long as the condition holds. */
    private void work(
            SimThread thread, String what, long nanosMin, long nanosMax, Duration timeout, BooleanSupplier possible)
            throws PostgresException, InterruptedException {
        long begun = scheduler.now();
        long end = begun + nanosMin + chance.nextLong(nanosMax - nanosMin);
        while (true) {
            interruptible(thread);
            if (!possible.getAsBoolean()) {
                throw new PostgresException(what + " failed");
            }
            if (scheduler.now() >= end) {
                return;
            }
            if (scheduler.now() - begun >= timeout.toNanos()) {
                throw new PostgresException(what + " did not end within " + timeout.toMillis() + " ms");
            }
            cluster.faults().strike(node, process, what);
            thread.awaitUntil(Math.min(end, scheduler.now() + 5 * POLL));
        }
    }
}
