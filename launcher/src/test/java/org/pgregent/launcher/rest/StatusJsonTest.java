package org.pgregent.launcher.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.PostgresView.DataDir;
import org.pgregent.core.model.PostgresView.PendingRestart;
import org.pgregent.core.model.PostgresView.Process;
import org.pgregent.core.model.PostgresView.Wal;
import org.pgregent.core.model.Role;
import org.pgregent.core.model.Timeline;
import org.pgregent.launcher.Json;

class StatusJsonTest {

    @Test
    void aPrimaryIsTheReferencesAnswer() throws IOException {
        assertThat(Json.write(StatusJson.of(Statuses.primary())))
                .isEqualTo(Captured.text("01-three-nodes-n0-patroni.json"));
    }

    @Test
    void aReplicaIsTheReferencesAnswer() throws IOException {
        assertThat(Json.write(StatusJson.of(Statuses.replica())))
                .isEqualTo(Captured.text("01-three-nodes-n1-patroni.json"));
    }

    @Test
    void aReplicaThatReplayedAndWaitsForARestartIsTheReferencesAnswer() throws IOException {
        Lsn position = new Lsn(83887112);
        Wal wal = new Wal(
                Optional.empty(),
                Optional.of(position),
                Optional.of(position),
                Optional.of(new Timeline(2)),
                Optional.of(Instant.parse("2026-11-21T03:29:17.976788Z")),
                false,
                Optional.of(position));
        PostgresView postgres = Statuses.postgres(
                Role.REPLICA,
                wal,
                "2026-11-21T03:28:14.430807Z",
                List.of(),
                Map.of("max_connections", new PendingRestart("50", "60")));

        String json = Json.write(StatusJson.of(Statuses.replica("n2", postgres, Map.of())));

        assertThat(json.replaceAll("\"dcs_last_seen\": \\d+", "\"dcs_last_seen\": 1795231791"))
                .isEqualTo(Captured.text("08-after-switchover-n2-patroni.json"));
    }

    @Test
    void aStoppedServerTellsNoPosition() {
        NodeStatus stopped = new NodeStatus(
                "bench",
                new NodeName("n0"),
                Map.of(),
                Map.of(),
                PostgresView.of(DataDir.EMPTY, Process.STOPPED),
                "stopped",
                "uninitialized",
                false,
                false,
                true,
                true,
                0,
                Lsn.ZERO,
                1_048_576,
                true,
                false);

        assertThat(StatusJson.of(stopped)).doesNotContainKey("watchdog_failed");
        assertThat(Json.write(StatusJson.of(stopped)))
                .isEqualTo(
                        "{\"state\": \"stopped\", \"role\": \"uninitialized\", \"pause\": true, \"cluster_unlocked\": true,"
                                + " \"dcs_last_seen\": 0, \"patroni\": {\"version\": \"4.1.5\", \"scope\": \"bench\", \"name\": \"n0\"}}");
    }

    @Test
    void wholeSecondsHaveNoFraction() {
        assertThat(StatusJson.time(Instant.parse("2026-11-21T03:00:00Z"))).isEqualTo("2026-11-21 03:00:00+00:00");
    }

    /** Nobody waits in a race for one that cannot take part. */
    @Test
    void aNodeWithoutAGuardSaysSo() {
        NodeStatus p = Statuses.replica();
        NodeStatus unguarded = new NodeStatus(
                p.scope(),
                p.name(),
                p.tags(),
                p.publishedTags(),
                p.postgres(),
                p.state(),
                p.role(),
                p.lock(),
                p.storeFresh(),
                p.paused(),
                p.unlocked(),
                p.storeSeen(),
                p.optime(),
                p.maximumLag(),
                p.alive(),
                true);

        assertThat(StatusJson.of(unguarded)).containsEntry("watchdog_failed", true);
    }
}
