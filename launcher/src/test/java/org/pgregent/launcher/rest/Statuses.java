package org.pgregent.launcher.rest;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.PostgresView.Control;
import org.pgregent.core.model.PostgresView.DataDir;
import org.pgregent.core.model.PostgresView.PendingRestart;
import org.pgregent.core.model.PostgresView.Process;
import org.pgregent.core.model.PostgresView.Replica;
import org.pgregent.core.model.PostgresView.Wal;
import org.pgregent.core.model.Role;
import org.pgregent.core.model.SystemId;
import org.pgregent.core.model.Timeline;

/** The members of the captured cluster as this program would see them. */
final class Statuses {

    private static final String SYSTEM = "7710461402056691073";
    static final Lsn POSITION = new Lsn(83886080);

    private Statuses() {}

    static NodeStatus primary() {
        return new NodeStatus(
                "bench",
                new NodeName("n0"),
                Map.of(),
                Map.of(),
                postgres(
                        Role.PRIMARY,
                        Wal.ofPrimary(POSITION, new Timeline(1)),
                        "2026-11-21T03:28:12.279369Z",
                        List.of(row("n2"), row("n1")),
                        Map.of()),
                "running",
                "primary",
                true,
                true,
                false,
                false,
                1795231699,
                POSITION,
                1_048_576,
                true,
                false);
    }

    static NodeStatus replica() {
        return replica(
                "n1",
                postgres(
                        Role.REPLICA,
                        Wal.ofReplica(POSITION, POSITION, new Timeline(1)),
                        "2026-11-21T03:28:14.501620Z",
                        List.of(),
                        Map.of()),
                Map.of());
    }

    static NodeStatus replica(String name, PostgresView postgres, Map<String, Object> tags) {
        return new NodeStatus(
                "bench",
                new NodeName(name),
                tags,
                tags,
                postgres,
                "running",
                "replica",
                false,
                true,
                false,
                false,
                1795231699,
                POSITION,
                1_048_576,
                true,
                false);
    }

    static Replica row(String name) {
        return new Replica("replicator", name, "127.0.0.1", "streaming", "async", 0, Optional.empty());
    }

    static PostgresView postgres(
            Role role, Wal wal, String started, List<Replica> replicas, Map<String, PendingRestart> pending) {
        boolean primary = role == Role.PRIMARY;
        return new PostgresView(
                DataDir.PRESENT,
                Process.RUNNING,
                Optional.of(role),
                !primary,
                Optional.of("1"),
                wal,
                Optional.of(new Control(
                        new SystemId(SYSTEM),
                        primary ? "in production" : "in archive recovery",
                        POSITION,
                        new Timeline(1),
                        Optional.empty(),
                        Optional.empty(),
                        true)),
                Optional.empty(),
                primary ? Optional.empty() : Optional.of("streaming"),
                replicas,
                List.of(),
                List.of(),
                pending,
                Optional.empty(),
                Optional.of(Instant.parse(started)),
                OptionalInt.of(180006),
                Optional.empty());
    }
}
