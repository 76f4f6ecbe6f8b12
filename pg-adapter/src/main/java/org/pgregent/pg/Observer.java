package org.pgregent.pg;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.PostgresView.Control;
import org.pgregent.core.model.PostgresView.DataDir;
import org.pgregent.core.model.PostgresView.HistoryLine;
import org.pgregent.core.model.PostgresView.PendingRestart;
import org.pgregent.core.model.PostgresView.Process;
import org.pgregent.core.model.PostgresView.Wal;
import org.pgregent.core.model.Role;
import org.pgregent.core.port.PostgresException;
import org.pgregent.pg.PgProbe.Answer;
import org.pgregent.pg.PgProbe.Outcome;

/** Puts together what the folder, the processes and the server itself tell. Safe for use by many threads. */
final class Observer {

    /** On a running server the role comes from SQL; of pg_control only what hardly ever changes matters then. */
    private static final Duration CONTROL_AGE = Duration.ofSeconds(1);

    private final PgConfig config;
    private final DataFolder folder;
    private final PgProcess process;
    private final ControlData controlData;
    private final PgConfigFiles files;
    private final PgProbe probe;
    private final ReplayedTimeline replayedTimeline;

    Observer(
            PgConfig config,
            DataFolder folder,
            PgProcess process,
            ControlData controlData,
            PgConfigFiles files,
            PgProbe probe,
            ReplayedTimeline replayedTimeline) {
        this.config = config;
        this.folder = folder;
        this.process = process;
        this.controlData = controlData;
        this.files = files;
        this.probe = probe;
        this.replayedTimeline = replayedTimeline;
    }

    PostgresView observe(Optional<String> configuration, Map<String, String> wanted, Deadline deadline) {
        List<String> troubles = new ArrayList<>();
        DataDir dataDir = folder.state();
        Optional<ProcFs.Stat> postmaster = process.postmaster();
        boolean leftovers = postmaster.isEmpty() && process.isAnyAlive();
        if (leftovers) {
            troubles.add("the postmaster is gone, but processes of it live on");
        }
        Optional<Answer> answer = dataDir == DataDir.PRESENT && postmaster.isPresent()
                ? ask(postmaster.get(), deadline, troubles)
                : Optional.empty();
        Process state = leftovers ? Process.STARTING : stateOf(postmaster, answer);
        Optional<Control> control = dataDir == DataDir.PRESENT
                ? control(state == Process.STOPPED ? Duration.ZERO : CONTROL_AGE, deadline, troubles)
                : Optional.empty();
        answer.flatMap(Answer::trouble).ifPresent(troubles::add);
        Optional<ProbeRow> row = answer.flatMap(Answer::row);
        return new PostgresView(
                dataDir,
                state,
                row.map(ProbeRow::role),
                files.isStandby(),
                postmaster.map(ProcFs.Stat::id),
                row.map(seen -> wal(postmaster.orElseThrow().id(), seen, deadline))
                        .orElse(Wal.UNKNOWN),
                control,
                row.isPresent() ? files.upstreamOf(row.get().conninfo()) : files.upstream(),
                row.flatMap(Observer::replicationState),
                row.map(ProbeRow::replicas).orElse(List.of()),
                row.map(ProbeRow::slots).orElse(List.of()),
                row.map(this::history).orElse(List.of()),
                row.map(seen -> pendingRestart(seen, wanted)).orElse(Map.of()),
                configuration,
                row.map(ProbeRow::started),
                row.map(seen -> OptionalInt.of(seen.version())).orElse(OptionalInt.empty()),
                troubles.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", troubles)));
    }

    private Wal wal(String postmasterId, ProbeRow row, Deadline deadline) {
        boolean doubtful = row.role() == Role.REPLICA && row.receiverStatus().isEmpty();
        return doubtful ? replayedTimeline.correct(postmasterId, row.wal(), deadline) : row.wal();
    }

    private Optional<Answer> ask(ProcFs.Stat postmaster, Deadline deadline, List<String> troubles) {
        try {
            return Optional.of(probe.look(postmaster.id(), PgVersions.ofFolder(config.dataDir()), deadline));
        } catch (PostgresException e) {
            troubles.add(e.getMessage());
            return Optional.empty();
        }
    }

    private Process stateOf(Optional<ProcFs.Stat> postmaster, Optional<Answer> answer) {
        if (postmaster.isEmpty()) {
            return Process.STOPPED;
        }
        if (answer.isPresent() && (answer.get().outcome() != Outcome.NOT_OPEN || isOpenElsewhere(answer.get()))) {
            return Process.RUNNING;
        }
        // Asking takes its time: who did not answer may have ended meanwhile, and its children outlive it for a moment.
        return process.isAnyAlive() ? Process.STARTING : Process.STOPPED;
    }

    /** It says of itself that it is open, and nobody listens where we ask: that is no start. */
    private boolean isOpenElsewhere(Answer answer) {
        boolean toldByItself = answer.trouble().orElse("").contains("57P03");
        return !toldByItself && List.of("ready", "standby").contains(process.announcedState());
    }

    private Optional<Control> control(Duration age, Deadline deadline, List<String> troubles) {
        try {
            return Optional.of(controlData.listing(deadline, age).control());
        } catch (PostgresException e) {
            troubles.add(e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            troubles.add("interrupted while reading pg_control");
        }
        return Optional.empty();
    }

    private static Optional<String> replicationState(ProbeRow row) {
        if (row.role() != Role.REPLICA) {
            return Optional.empty();
        }
        if (row.receiverStatus().equals(Optional.of("streaming"))) {
            return Optional.of("streaming");
        }
        return row.restoreCommand().isEmpty() ? Optional.empty() : Optional.of("in archive recovery");
    }

    private List<HistoryLine> history(ProbeRow row) {
        boolean hasHistory =
                row.role() == Role.PRIMARY && row.wal().timeline().orElseThrow().number() > 1;
        return hasHistory
                ? Timelines.read(config.dataDir(), row.wal().timeline().get())
                : List.of();
    }

    /** The command line hides a changed file from the server: what is on it is compared here. */
    private Map<String, PendingRestart> pendingRestart(ProbeRow row, Map<String, String> wanted) {
        Map<String, PendingRestart> pending = new TreeMap<>();
        for (ProbeRow.Setting setting : row.settings()) {
            String target = wanted.get(setting.name());
            boolean differs = target != null && !Gucs.isSame(setting.setting(), target);
            if (setting.pendingRestart() || differs) {
                String shown =
                        target != null ? target : files.value(setting.name()).orElse("?");
                pending.put(setting.name(), new PendingRestart(setting.shown(), shown));
            }
        }
        return pending;
    }
}
