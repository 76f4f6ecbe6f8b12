package org.pgregent.core.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.PostgresView.Control;
import org.pgregent.core.model.PostgresView.DataDir;
import org.pgregent.core.model.PostgresView.HistoryLine;
import org.pgregent.core.model.PostgresView.Process;
import org.pgregent.core.model.PostgresView.Replica;
import org.pgregent.core.model.PostgresView.Slot;
import org.pgregent.core.model.PostgresView.Wal;
import org.pgregent.core.model.Role;
import org.pgregent.core.model.SystemId;
import org.pgregent.core.model.Timeline;
import org.pgregent.core.sim.PgServer.State;

/** What a look at a simulated PostgreSQL shows. */
final class PgViews {

    private PgViews() {}

    static PostgresView of(SimNode node, Optional<String> configuration) {
        PgServer pg = node.postgres();
        boolean running = pg.state == State.RUNNING;
        Optional<Role> role = running ? pg.role : Optional.empty();
        boolean seen = pg.isAlive() && !(pg.looksStoppedTooEarly && pg.state == State.STOPPING);
        Process process = running ? Process.RUNNING : seen ? Process.STARTING : Process.STOPPED;
        return new PostgresView(
                pg.folder,
                process,
                role,
                pg.standbySignal,
                seen ? Optional.of("postmaster-" + pg.postmaster) : Optional.empty(),
                role.isPresent() ? wal(pg) : Wal.UNKNOWN,
                control(node),
                role.equals(Optional.of(Role.REPLICA)) ? pg.upstream : Optional.empty(),
                pg.streaming ? Optional.of("streaming") : Optional.empty(),
                running ? replicas(pg) : List.of(),
                running ? slots(pg) : List.of(),
                role.equals(Optional.of(Role.PRIMARY)) ? history(pg) : List.of(),
                Map.of(),
                configuration,
                running ? Optional.of(SimClock.EPOCH.plusNanos(pg.startedAt)) : Optional.empty(),
                OptionalInt.of(150_008),
                Optional.empty());
    }

    private static Wal wal(PgServer pg) {
        Lsn lsn = new Lsn(pg.wal.lsn());
        Timeline timeline = new Timeline(pg.wal.branch().timeline());
        return pg.role.equals(Optional.of(Role.PRIMARY))
                ? Wal.ofPrimary(lsn, timeline)
                : Wal.ofReplica(lsn, lsn, timeline);
    }

    private static Optional<Control> control(SimNode node) {
        PgServer pg = node.postgres();
        if (pg.folder != DataDir.PRESENT) {
            return Optional.empty();
        }
        boolean standby = pg.control.endsWith("recovery") && !pg.control.equals("in crash recovery");
        Lsn end = new Lsn(pg.wal.lsn());
        // A record's position is where it begins.
        Lsn checkpoint = pg.control.equals("shut down") ? new Lsn(pg.wal.lsn() - PgServer.RECORD_BYTES) : end;
        Timeline timeline = new Timeline(pg.wal.branch().timeline());
        Timeline checkpointed = new Timeline(standby ? timeline.number() : pg.checkpointTimeline());
        return Optional.of(new Control(
                new SystemId(pg.systemId.orElseThrow()),
                pg.control,
                checkpoint,
                checkpointed,
                standby ? Optional.of(end) : Optional.empty(),
                standby ? Optional.of(timeline) : Optional.empty(),
                node.cluster().setup().rewinds()));
    }

    private static List<Replica> replicas(PgServer pg) {
        List<Replica> rows = new ArrayList<>();
        pg.connected.forEach((name, lsn) ->
                rows.add(new Replica("replicator", name, name, "streaming", "async", 0, Optional.of(new Lsn(lsn)))));
        return rows;
    }

    private static List<Slot> slots(PgServer pg) {
        List<Slot> rows = new ArrayList<>();
        for (String name : pg.slots) {
            rows.add(new Slot(
                    name,
                    true,
                    pg.connected.containsKey(name),
                    Optional.of(new Lsn(pg.wal.lsn())),
                    false,
                    false,
                    false));
        }
        return rows;
    }

    private static List<HistoryLine> history(PgServer pg) {
        List<HistoryLine> lines = new ArrayList<>();
        for (Branch b = pg.wal.branch(); b.parent() != null; b = b.parent()) {
            if (b.parent().timeline() != b.timeline()) {
                lines.add(
                        0,
                        new HistoryLine(
                                new Timeline(b.parent().timeline()),
                                new Lsn(b.start()),
                                "no recovery target specified"));
            }
        }
        return lines;
    }
}
