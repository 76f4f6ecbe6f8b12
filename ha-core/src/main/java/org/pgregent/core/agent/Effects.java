package org.pgregent.core.agent;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.pgregent.core.cluster.ClusterLayout;
import org.pgregent.core.decide.Action;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.DynamicConfig;
import org.pgregent.core.model.FailoverRequest;
import org.pgregent.core.model.GuardView;
import org.pgregent.core.model.LeaseView;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.Settings;
import org.pgregent.core.model.Versioned;
import org.pgregent.core.port.Deadman;
import org.pgregent.core.port.Peers;
import org.pgregent.core.port.PostgresException;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Version;
import org.pgregent.dcs.spi.WriteResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out one action: the one dispatch over {@link Action}. Nothing is judged here but the last-moment check; whether an
 * effect took place is for the next look at the world to tell.
 */
final class Effects {

    private static final Logger LOG = LoggerFactory.getLogger(Effects.class);

    /** What an action is carried out on: the views it was decided on, and the time the pass has left. */
    record Context(ClusterView cluster, Settings settings, DynamicConfig config, Budget budget) {}

    /** How the agent ends. */
    record Ending(int exitCode, String message) {}

    private final LocalNode local;
    private final Dcs dcs;
    private final ClusterLayout layout;
    private final Deadman deadman;
    private final LeaseKeeper lease;
    private final PeerKeeper peers;
    private final PostgresWork work;
    private Optional<String> claim = Optional.empty();
    private Optional<Ending> ending = Optional.empty();
    private volatile GuardView acknowledged = GuardView.ABSENT;

    Effects(
            LocalNode local,
            Dcs dcs,
            ClusterLayout layout,
            Deadman deadman,
            LeaseKeeper lease,
            PeerKeeper peers,
            PostgresWork work) {
        this.local = local;
        this.dcs = dcs;
        this.layout = layout;
        this.deadman = deadman;
        this.lease = lease;
        this.peers = peers;
        this.work = work;
    }

    Optional<String> claim() {
        return claim;
    }

    Optional<Ending> ending() {
        return ending;
    }

    /** What the guard last acknowledged; for the last-moment check, on any thread. */
    GuardView acknowledged() {
        return acknowledged;
    }

    /** False if it could not be done now; then the next pass should not follow at once. */
    boolean run(Action action, Context context) {
        try {
            return dispatch(action, context);
        } catch (DcsException e) {
            LOG.warn("{}: {}", action.getClass().getSimpleName(), e.getMessage());
            return false;
        } catch (PostgresException e) {
            LOG.warn("{}: {}", action.getClass().getSimpleName(), e.getMessage());
            return false;
        } catch (InterruptedException e) {
            // Only the end of the process interrupts the agent's thread; whoever does looks at the flag.
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private boolean dispatch(Action action, Context c) throws DcsException, PostgresException, InterruptedException {
        if (action instanceof Action.Wait) {
            return true;
        } else if (action instanceof Action.KeepLeadership keep) {
            return keepLeadership(keep, c);
        } else if (action instanceof Action.AcquireLeadership) {
            return acquire(Expect.absent(), c);
        } else if (action instanceof Action.TakeOverLeadership take) {
            return acquire(Expect.at(new Version(take.seenVersion())), c);
        } else if (action instanceof Action.ReleaseLeadership release) {
            return release(release.optime(), c);
        } else if (action instanceof Action.HandOver handOver) {
            return recordPosition(handOver.optime(), handOver.seenStatusVersion(), c) && deleteLeader(c);
        } else if (action instanceof Action.RecordPosition record) {
            return recordPosition(record.optime(), record.seenStatusVersion(), c);
        } else if (action instanceof Action.ClearFailover clear) {
            LOG.info("Cleaning up failover key");
            return writeFailover(FailoverRequest.NONE, clear.seenVersion(), c);
        } else if (action instanceof Action.RewriteFailover rewrite) {
            return writeFailover(rewrite.request(), rewrite.seenVersion(), c);
        } else if (action instanceof Action.ClaimInitialize claimed) {
            return claimInitialize(claimed.value(), c);
        } else if (action instanceof Action.RecordInitialize record) {
            return written(
                    "initialize",
                    dcs.put(
                            layout.initialize(),
                            layout.renderText(record.systemId().value()),
                            atOrAbsent(record.seenVersion()),
                            Optional.empty(),
                            c.budget().next()));
        } else if (action instanceof Action.WithdrawInitialize withdraw) {
            return written(
                    "initialize",
                    dcs.delete(
                            layout.initialize(),
                            Expect.at(new Version(withdraw.seenVersion())),
                            c.budget().next()));
        } else if (action instanceof Action.WriteConfig config) {
            return mayStillWriteForTheLeader()
                    && written(
                            "config",
                            dcs.put(
                                    layout.config(),
                                    layout.renderObject(c.config().document()),
                                    atOrAbsent(config.seenVersion()),
                                    Optional.empty(),
                                    c.budget().next()));
        } else if (action instanceof Action.RestartGuard) {
            boolean there = deadman.ensure(inTime(Duration.ofSeconds(2)));
            acknowledged = deadman.observe();
            return there;
        } else if (action instanceof Action.ArmGuard) {
            return armGuard();
        } else if (action instanceof Action.DisarmGuard) {
            boolean disarmed = deadman.disarm(inTime(Duration.ofSeconds(1)));
            acknowledged = deadman.observe();
            return disarmed;
        } else if (action instanceof Action.AskPeers ask) {
            return askPeers(ask, c);
        } else if (action instanceof Action.CancelTask) {
            work.cancel();
            return true;
        } else if (action instanceof Action.ApplyConfiguration) {
            work.applyConfiguration(c.settings(), c.budget().next());
            return true;
        } else if (action instanceof Action.SyncSlots slots) {
            work.syncSlots(slots.plan(), c.budget().next());
            return true;
        } else if (action instanceof Action.End end) {
            ending = Optional.of(new Ending(end.exitCode(), end.message()));
            return true;
        } else if (action instanceof Action.Task task) {
            work.start(task, c.settings(), this::acknowledged);
            return true;
        }
        throw new IllegalStateException("no effect for " + action);
    }

    /** The process may have slept since the decision, or since the renewal a line above: then the keys are somebody else's. */
    private boolean mayStillWriteForTheLeader() {
        boolean may = !lease.isOver();
        if (!may) {
            LOG.warn("the lease is over, or about to end, at the last moment: not writing the leader's keys");
        }
        return may;
    }

    private boolean keepLeadership(Action.KeepLeadership keep, Context c) throws DcsException {
        if (!lease.renewedInThisPass() && !lease.renew(c.settings(), c.budget().next())) {
            LOG.warn(
                    "the lease could not be renewed: {}", lease.view().trouble().orElse("it is gone"));
            if (keep.armGuard() && !deadman.observe().isArmed()) {
                // A guard that was just started knows nothing; the deadline of the last renewal still holds.
                armGuard();
            }
            return false;
        }
        if (keep.armGuard() && !armGuard()) {
            return false;
        }
        if (keep.status().isPresent() && mayStillWriteForTheLeader()) {
            Action.StatusUpdate status = keep.status().get();
            optional(
                    "status",
                    () -> dcs.put(
                            layout.status(),
                            layout.renderStatus(status, c.cluster().status().map(Versioned::value)),
                            atOrAbsent(status.seenVersion().filter(v -> !v.isEmpty())),
                            Optional.empty(),
                            c.budget().next()));
        }
        if (keep.history().isPresent() && mayStillWriteForTheLeader()) {
            optional(
                    "history",
                    () -> dcs.put(
                            layout.history(),
                            layout.renderHistory(keep.history().get().entries()),
                            atOrAbsent(keep.history().get().seenVersion()),
                            Optional.empty(),
                            c.budget().next()));
        }
        return true;
    }

    /** Tells the guard the deadline of the lease as last renewed. True once it has acknowledged. */
    boolean armGuard() {
        LeaseView view = lease.view();
        if (!view.isHeld()) {
            return false;
        }
        boolean armed = deadman.arm(
                view.deadlineNanos().orElseThrow(),
                view.times().orElseThrow().killMargin(),
                inTime(Duration.ofSeconds(1)));
        acknowledged = deadman.observe();
        if (!armed) {
            LOG.warn("the guard did not acknowledge the deadline");
        }
        return armed;
    }

    private interface Write {
        WriteResult run() throws DcsException;
    }

    /** Only a renewal may fail the keeping of leadership; what else is published can wait for the next pass. */
    private static void optional(String key, Write write) {
        try {
            written(key, write.run());
        } catch (DcsException e) {
            LOG.info("{} could not be written now: {}", key, e.getMessage());
        }
    }

    private boolean acquire(Expect expect, Context c) throws DcsException {
        Optional<Lease> held = lease.lease();
        if (held.isEmpty()) {
            return false;
        }
        WriteResult result = dcs.put(
                layout.leader(),
                layout.renderText(local.name().value()),
                expect,
                held,
                c.budget().next());
        if (result instanceof WriteResult.LeaseGone) {
            lease.gone();
        }
        return written("leader", result);
    }

    private boolean release(Optional<Lsn> optime, Context c) throws DcsException {
        if (optime.isPresent() && mayStillWriteForTheLeader()) {
            Optional<Versioned<org.pgregent.core.model.StatusView>> status =
                    c.cluster().status();
            optional(
                    "status",
                    () -> dcs.put(
                            layout.status(),
                            layout.renderStatus(
                                    new Action.StatusUpdate(optime, java.util.Map.of(), List.of(), Optional.empty()),
                                    status.map(Versioned::value)),
                            atOrAbsent(status.map(Versioned::version).filter(v -> !v.isEmpty())),
                            Optional.empty(),
                            c.budget().next()));
        }
        return deleteLeader(c);
    }

    /** Whoever is next must not be measured by an older position. */
    private boolean recordPosition(Lsn optime, Optional<String> seenVersion, Context c) throws DcsException {
        return mayStillWriteForTheLeader()
                && written(
                        "status",
                        dcs.put(
                                layout.status(),
                                layout.renderStatus(
                                        new Action.StatusUpdate(
                                                Optional.of(optime), java.util.Map.of(), List.of(), Optional.empty()),
                                        c.cluster().status().map(Versioned::value)),
                                atOrAbsent(seenVersion.filter(v -> !v.isEmpty())),
                                Optional.empty(),
                                c.budget().next()));
    }

    private boolean writeFailover(FailoverRequest request, String seenVersion, Context c) throws DcsException {
        return mayStillWriteForTheLeader()
                && written(
                        "failover",
                        dcs.put(
                                layout.failover(),
                                layout.renderFailover(request),
                                Expect.at(new Version(seenVersion)),
                                Optional.empty(),
                                c.budget().next()));
    }

    private boolean deleteLeader(Context c) throws DcsException {
        Optional<Lease> held = lease.lease();
        if (held.isEmpty()) {
            return false;
        }
        boolean released;
        try {
            released = written(
                    "leader",
                    dcs.delete(
                            layout.leader(),
                            Expect.heldBy(held.get()),
                            c.budget().next()));
        } catch (DcsIndeterminateException e) {
            // The delete may still come, at any time. Nobody may ever lead on this lease again, or the key goes from
            // under them.
            lease.abandon();
            throw e;
        }
        if (released) {
            LOG.info("Leader key released");
        }
        return released;
    }

    private boolean claimInitialize(String value, Context c) throws DcsException {
        WriteResult result = dcs.put(
                layout.initialize(),
                layout.renderText(value),
                Expect.absent(),
                Optional.empty(),
                c.budget().next());
        if (result instanceof WriteResult.Written done) {
            claim = value.isEmpty() ? Optional.of(done.version().token()) : claim;
            return true;
        }
        LOG.info("failed to acquire initialize lock");
        return false;
    }

    private boolean askPeers(Action.AskPeers ask, Context c) {
        peers.ask(ask.names().stream()
                .flatMap(name -> c.cluster().member(name).stream())
                .flatMap(m -> m.apiUrl().map(url -> new Peers.Peer(m.name(), url)).stream())
                .toList());
        return true;
    }

    private static boolean written(String key, WriteResult result) {
        if (!result.written()) {
            LOG.info("{} was not written: {}", key, result);
        }
        return result.written();
    }

    private static Expect atOrAbsent(Optional<String> version) {
        return version.<Expect>map(v -> Expect.at(new Version(v))).orElse(Expect.absent());
    }

    /** Talking to the guard may take this long, but never so long that a lease in hand runs out over it. */
    private Duration inTime(Duration most) {
        Duration left = lease.left();
        return left.isZero() || left.compareTo(most.multipliedBy(2)) > 0 ? most : left.dividedBy(2);
    }
}
