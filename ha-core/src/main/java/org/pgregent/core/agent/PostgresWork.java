package org.pgregent.core.agent;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.pgregent.core.decide.Action;
import org.pgregent.core.model.GuardView;
import org.pgregent.core.model.PostgresSettings;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.Settings;
import org.pgregent.core.model.SlotPlan;
import org.pgregent.core.port.Clock;
import org.pgregent.core.port.Postgres;
import org.pgregent.core.port.Postgres.StopMode;
import org.pgregent.core.port.PostgresException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns the long actions into tasks on PostgreSQL. */
final class PostgresWork {

    private static final Logger LOG = LoggerFactory.getLogger(PostgresWork.class);

    /** Copying a large cluster takes hours; it is cancelled when it should not go on, not because it is long. */
    private static final Duration NO_HURRY = Duration.ofDays(7);

    private static final Duration STOP = Duration.ofMinutes(1);
    private static final Duration START_REPLICA = Duration.ofMinutes(10);
    private static final Duration QUERY = Duration.ofSeconds(30);

    private final Postgres postgres;
    private final TaskRunner runner;
    private final LeaseKeeper lease;
    private final Clock clock;
    private final LastMomentCheck check;
    private volatile boolean promotionAsked;

    PostgresWork(Postgres postgres, TaskRunner runner, LeaseKeeper lease, Clock clock, LastMomentCheck check) {
        this.postgres = postgres;
        this.runner = runner;
        this.lease = lease;
        this.clock = clock;
        this.check = check;
    }

    /** Asked to promote, now or by a former process, and not yet seen to have done so or to be stopped: that cannot be taken back. */
    boolean promotionPending(PostgresView seen) {
        if (seen.isStopped() || seen.isPrimary()) {
            promotionAsked = false;
        } else if (!promotionAsked) {
            promotionAsked = postgres.wasAskedToPromote();
        }
        return promotionAsked;
    }

    void cancel() {
        runner.cancel();
    }

    void applyConfiguration(Settings settings, Duration timeout) throws PostgresException, InterruptedException {
        postgres.applyConfiguration(settings.postgres(), timeout);
    }

    void syncSlots(SlotPlan plan, Duration timeout) throws PostgresException, InterruptedException {
        postgres.syncSlots(plan, timeout);
    }

    /** @param guard what the guard last acknowledged, asked again at the last moment */
    void start(Action.Task task, Settings settings, Supplier<GuardView> guard) {
        runner.start(task.kind(), body(task, settings, guard));
    }

    private interface Work {
        void run() throws PostgresException, InterruptedException;
    }

    private static TaskRunner.Body work(Work work) {
        return () -> {
            work.run();
            return Optional.empty();
        };
    }

    private TaskRunner.Body body(Action.Task task, Settings settings, Supplier<GuardView> guard) {
        PostgresSettings pg = settings.postgres();
        if (task instanceof Action.StopPostgres stop) {
            return work(() -> postgres.stop(stop.immediate() ? StopMode.IMMEDIATE : StopMode.FAST, STOP));
        } else if (task instanceof Action.StartPrimary) {
            return work(() -> {
                checkLastMoment(guard);
                postgres.startPrimary(pg, startTimeout(settings));
            });
        } else if (task instanceof Action.Promote promote) {
            return work(() -> {
                checkLastMoment(guard);
                promote.lastKnownPosition()
                        .ifPresent(lsn -> LOG.info("last known position of the former leader: {}", lsn));
                promotionAsked = true;
                postgres.promote(promoteTimeout(settings));
            });
        } else if (task instanceof Action.StartReplica start) {
            return work(() -> postgres.startReplica(pg, start.upstream(), START_REPLICA));
        } else if (task instanceof Action.Follow follow) {
            return work(() -> postgres.follow(pg, follow.upstream(), Duration.ofMinutes(1)));
        } else if (task instanceof Action.CheckDivergence compare) {
            return () -> Optional.of(postgres.compareWith(compare.leader(), QUERY));
        } else if (task instanceof Action.Checkpoint) {
            return work(() -> postgres.checkpoint(Duration.ofMinutes(10)));
        }
        return dataWork(task);
    }

    /** Tasks that make, copy, mend or move the data folder. */
    private TaskRunner.Body dataWork(Action.Task task) {
        if (task instanceof Action.InitDb) {
            return work(() -> postgres.initialize(Duration.ofMinutes(10)));
        } else if (task instanceof Action.Clone clone) {
            return work(() -> postgres.cloneFrom(clone.source(), NO_HURRY));
        } else if (task instanceof Action.Rewind rewind) {
            return work(() -> postgres.rewindFrom(rewind.leader(), NO_HURRY));
        } else if (task instanceof Action.RecoverCrash) {
            return work(() -> postgres.recoverCrash(NO_HURRY));
        } else if (task instanceof Action.SetAside) {
            return work(postgres::setAside);
        } else if (task instanceof Action.RemoveData) {
            return work(postgres::removeData);
        }
        throw new IllegalStateException("no work for " + task);
    }

    private static Duration startTimeout(Settings settings) {
        Duration given = settings.primaryStartTimeout();
        return given.isZero() ? Duration.ofMinutes(1) : given;
    }

    /** Who sets a short time for a primary to come up does not want to wait longer for one that is made from a replica. */
    private static Duration promoteTimeout(Settings settings) {
        Duration start = startTimeout(settings);
        Duration most = Duration.ofMinutes(1);
        return start.compareTo(most) < 0 ? start : most;
    }

    private void checkLastMoment(Supplier<GuardView> guard) throws PostgresException {
        Optional<String> objection = check.objection(lease.view(), guard.get(), clock.monotonicNanos());
        if (objection.isPresent()) {
            throw new PostgresException("not becoming writable: " + objection.get());
        }
    }
}
