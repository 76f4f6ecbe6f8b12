package org.pgregent.core.sim;

import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.pgregent.core.model.PostgresView.DataDir;
import org.pgregent.core.model.Role;
import org.pgregent.core.model.Upstream;
import org.pgregent.core.sim.Branch.Point;

/**
 * A data folder and the postmaster on it. What it does, it does by itself: it lives on when the agent that started it is
 * gone, and every request made of it takes its time.
 */
final class PgServer {

    /** What the postmaster is at. */
    enum State {
        STOPPED,
        STARTING,
        RUNNING,
        /** Told to stop; clients are cut, unless {@link #stubborn}. */
        STOPPING
    }

    static final long RECORD_BYTES = 64;
    private static final long MILLI = 1_000_000L;

    private final SimCluster cluster;
    private final SimNode node;
    private final Scheduler scheduler;

    DataDir folder = DataDir.EMPTY;
    Optional<String> systemId = Optional.empty();
    Point wal;
    long timelineSeen;
    boolean standbySignal;
    String control = "";
    State state = State.STOPPED;
    Optional<Role> role = Optional.empty();
    Optional<Upstream> upstream = Optional.empty();
    boolean streaming;
    boolean stubborn;

    /** A mistake that a mutant makes: whoever looks sees it stopped as soon as it was told to. */
    boolean looksStoppedTooEarly;

    boolean promoting;
    long postmaster;
    long startedAt;
    long diskFullUntil;
    long slowUntil;
    long slowPromoteUntil;
    final TreeSet<String> slots = new TreeSet<>();
    final TreeMap<String, Long> connected = new TreeMap<>();
    Runnable exitHint = () -> {};
    private long checkpointTimeline;
    private boolean inOrder;
    private long epoch;

    PgServer(SimNode node) {
        this.node = node;
        this.cluster = node.cluster();
        this.scheduler = cluster.scheduler();
    }

    boolean isAlive() {
        return state != State.STOPPED;
    }

    boolean diskFull() {
        return diskFullUntil > scheduler.now();
    }

    boolean acceptsWrites() {
        return role.equals(Optional.of(Role.PRIMARY))
                && (state == State.RUNNING || (state == State.STOPPING && stubborn))
                && !node.isFrozen();
    }

    /** A primary that ends in order goes on sending to those who are connected until they have all. */
    boolean sendsToTheEnd() {
        return state == State.STOPPING && inOrder && role.equals(Optional.of(Role.PRIMARY));
    }

    boolean isReplica() {
        return state == State.RUNNING && role.equals(Optional.of(Role.REPLICA));
    }

    /** May become writable by itself: what is under way needs nobody any more. */
    boolean isPrimaryOrBecoming() {
        return isAlive() && (promoting || !standbySignal);
    }

    /** Whether pg_control knows of the present timeline; right after a promotion it does not. */
    boolean isCheckpointed() {
        return checkpointTimeline == wal.branch().timeline();
    }

    void checkpointed() {
        checkpointTimeline = wal.branch().timeline();
    }

    long checkpointTimeline() {
        return checkpointTimeline;
    }

    void initialized(String newSystemId) {
        folder = DataDir.PRESENT;
        systemId = Optional.of(newSystemId);
        wal = new Point(cluster.newBranch(1, null, 0), 0x1000000L);
        timelineSeen = 1;
        checkpointed();
        control = "shut down";
        standbySignal = false;
        slots.clear();
    }

    /** The folder becomes a copy of the source's, to be started as its standby. */
    void copied(PgServer source, String controlState) {
        folder = DataDir.PRESENT;
        systemId = source.systemId;
        wal = source.wal;
        timelineSeen = source.timelineSeen;
        checkpointed();
        control = controlState;
        standbySignal = true;
        slots.clear();
    }

    void emptied() {
        folder = DataDir.EMPTY;
        systemId = Optional.empty();
        wal = null;
        control = "";
        standbySignal = false;
        slots.clear();
    }

    /** pg_ctl start; false if the postmaster ends at once. */
    boolean start(boolean asPrimary, Optional<Upstream> from) {
        standbySignal = !asPrimary;
        upstream = asPrimary ? Optional.empty() : from;
        if (diskFull()) {
            return false;
        }
        boolean crashed = !control.startsWith("shut down");
        if (asPrimary && crashed) {
            control = "in crash recovery";
        }
        state = State.STARTING;
        role = Optional.empty();
        promoting = false;
        stubborn = false;
        postmaster++;
        startedAt = scheduler.now();
        long took = 200 * MILLI + cluster.chance().nextLong((crashed ? 4000 : 1200) * MILLI);
        later(took, () -> started(asPrimary));
        cluster.trace().add(node.name(), "postgres: starting as " + (asPrimary ? "primary" : "standby") + " at " + wal);
        node.guard().sawPostmaster();
        return true;
    }

    private void started(boolean asPrimary) {
        state = State.RUNNING;
        if (asPrimary) {
            wal = new Point(
                    cluster.newBranch(wal.branch().timeline(), wal.branch(), wal.lsn()), wal.lsn() + RECORD_BYTES);
            checkpointed();
            becamePrimary("started");
        } else {
            role = Optional.of(Role.REPLICA);
            control = "in archive recovery";
        }
    }

    private void becamePrimary(String how) {
        role = Optional.of(Role.PRIMARY);
        standbySignal = false;
        control = "in production";
        streaming = false;
        cluster.trace().add(node.name(), "postgres: " + how + ", accepts writes at " + wal);
        cluster.ledger().becamePrimary(node, how);
    }

    long nextTimeline() {
        return Math.max(timelineSeen, wal.branch().timeline()) + 1;
    }

    /** pg_promote: once asked, it happens unless the postmaster ends before. */
    void promote() {
        if (promoting) {
            return;
        }
        promoting = true;
        // Sometimes longer than anybody waits for it: a standby that is far behind replays first, and cannot be told to
        // stop.
        long slow = slowPromoteUntil > scheduler.now() ? cluster.chance().nextLong(90_000 * MILLI) : 0;
        cluster.trace().add(node.name(), "postgres: promotion asked for at " + wal);
        cluster.ledger().promotionAsked(node);
        cluster.faults().promotionBegins(node);
        later(100 * MILLI + cluster.chance().nextLong(1500 * MILLI) + slow, () -> {
            promoting = false;
            if (diskFull()) {
                kill("PANIC: no space left on device");
                return;
            }
            timelineSeen = nextTimeline();
            wal = new Point(cluster.newBranch(timelineSeen, wal.branch(), wal.lsn()), wal.lsn() + RECORD_BYTES);
            becamePrimary("promoted");
            long now = postmaster;
            scheduler.after(cluster.chance().nextLong(20_000 * MILLI), () -> {
                if (postmaster == now && role.equals(Optional.of(Role.PRIMARY))) {
                    checkpointed();
                }
            });
        });
    }

    /** pg_ctl stop, in one of its two modes. */
    void stop(boolean fast) {
        boolean slow = slowUntil > scheduler.now() && node.guard().isAlive();
        boolean wasRunning = state == State.RUNNING;
        if (state == State.STOPPING && fast) {
            return;
        }
        inOrder = fast && wasRunning;
        stubborn = slow && role.isPresent() && !control.equals("shut down");
        state = State.STOPPING;
        epoch++;
        promoting = false;
        long took = slow
                ? cluster.chance().nextLong(40_000 * MILLI)
                : fast
                        ? 30 * MILLI + cluster.chance().nextLong(700 * MILLI)
                        : 10 * MILLI + cluster.chance().nextLong(150 * MILLI);
        cluster.trace()
                .add(
                        node.name(),
                        "postgres: stopping" + (fast ? "" : " at once") + (slow ? ", and does not hurry" : ""));
        boolean archives = fast
                && wasRunning
                && role.equals(Optional.of(Role.PRIMARY))
                && cluster.chance().nextInt(4) == 0;
        later(took, archives ? this::archive : () -> ended(fast && wasRunning, "stopped"));
    }

    /** All is written and sent, pg_control says so, and the postmaster is still busy with the archive. */
    private void archive() {
        stubborn = false;
        writeShutdownCheckpoint();
        cluster.trace().add(node.name(), "postgres: shut down at " + wal + ", but still archiving");
        later(cluster.chance().nextLong(10_000 * MILLI), () -> ended(false, "archived all"));
    }

    /** SIGKILL, a crash, or the machine's end. */
    void kill(String why) {
        if (isAlive()) {
            ended(false, why);
        }
    }

    private void ended(boolean clean, String why) {
        if (clean) {
            writeShutdownCheckpoint();
        }
        cluster.trace().add(node.name(), "postgres: ended (" + why + ") at " + wal);
        state = State.STOPPED;
        role = Optional.empty();
        streaming = false;
        stubborn = false;
        promoting = false;
        connected.clear();
        epoch++;
        node.postmasterEnded(exitHint);
    }

    /** A clean stop of a primary waits until the connected standbys have all, the checkpoint of the shutdown included. */
    private void writeShutdownCheckpoint() {
        if (role.equals(Optional.of(Role.PRIMARY))) {
            wal = new Point(wal.branch(), wal.lsn() + RECORD_BYTES);
            cluster.replication().flushFrom(node);
            checkpointed();
            control = "shut down";
        } else {
            control = "shut down in recovery";
        }
    }

    /** Crash recovery in single-user mode: the folder is clean, and one record longer. */
    void recovered() {
        wal = new Point(cluster.newBranch(wal.branch().timeline(), wal.branch(), wal.lsn()), wal.lsn() + RECORD_BYTES);
        checkpointed();
        control = "shut down";
        standbySignal = false;
    }

    /** A client's commit; true if it was acknowledged. */
    boolean commit() {
        if (!acceptsWrites()) {
            return false;
        }
        if (diskFull()) {
            kill("PANIC: no space left on device");
            return false;
        }
        wal = new Point(wal.branch(), wal.lsn() + RECORD_BYTES);
        return true;
    }

    private void later(long nanos, Runnable change) {
        long then = ++epoch;
        scheduler.after(nanos, () -> {
            if (epoch == then) {
                node.whenThawed(() -> {
                    if (epoch == then) {
                        change.run();
                    }
                });
            }
        });
    }
}
