package org.pgregent.launcher.rest;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoField;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.pgregent.core.cluster.ClusterLayout;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.SystemId;
import org.pgregent.core.model.Timeline;

/** The document about this node, its fields in the order others send them. Pure. */
final class StatusJson {

    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter MICROS = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private StatusJson() {}

    static Map<String, Object> of(NodeStatus node) {
        PostgresView pg = node.postgres();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("state", node.state());
        if (node.answersSql()) {
            pg.postmasterStart().ifPresent(start -> json.put("postmaster_start_time", time(start)));
        }
        json.put("role", node.role());
        if (node.answersSql()) {
            pg.serverVersion().ifPresent(version -> json.put("server_version", version));
            json.put("xlog", xlog(node));
            json.put("timeline", pg.wal().timeline().map(Timeline::number).orElse(null));
            if (!pg.isPrimary()) {
                pg.replicationState().ifPresent(state -> json.put("replication_state", state));
            }
            if (!pg.replicas().isEmpty()) {
                json.put("replication", replication(pg));
            }
        }
        if (node.paused()) {
            json.put("pause", true);
        }
        if (node.unlocked()) {
            json.put("cluster_unlocked", true);
        }
        if (node.unguarded()) {
            // The contract's word for a node that must not be waited for in a race.
            json.put("watchdog_failed", true);
        }
        json.put("dcs_last_seen", node.storeSeen());
        if (!node.publishedTags().isEmpty()) {
            json.put("tags", node.publishedTags());
        }
        pg.systemId().map(SystemId::toString).ifPresent(id -> json.put("database_system_identifier", id));
        if (!pg.pendingRestart().isEmpty()) {
            json.put("pending_restart", true);
            json.put("pending_restart_reason", pendingRestart(pg));
        }
        Map<String, Object> agent = new LinkedHashMap<>();
        agent.put("version", ClusterLayout.CONTRACT_VERSION);
        agent.put("scope", node.scope());
        agent.put("name", node.name().value());
        json.put("patroni", agent);
        return json;
    }

    private static Map<String, Object> xlog(NodeStatus node) {
        PostgresView pg = node.postgres();
        Map<String, Object> xlog = new LinkedHashMap<>();
        if (pg.isPrimary()) {
            xlog.put("location", pg.wal().written().map(Lsn::bytes).orElse(0L));
        } else {
            xlog.put("received_location", node.received().bytes());
            xlog.put("replayed_location", node.replayed().bytes());
            xlog.put(
                    "replayed_timestamp",
                    pg.wal().replayTimestamp().map(StatusJson::time).orElse(null));
            xlog.put("paused", pg.wal().replayPaused());
        }
        return xlog;
    }

    private static List<Map<String, Object>> replication(PostgresView pg) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (PostgresView.Replica replica : pg.replicas()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("usename", replica.user());
            row.put("application_name", replica.applicationName());
            row.put("client_addr", replica.clientAddress());
            row.put("state", replica.state());
            row.put("sync_state", replica.syncState());
            row.put("sync_priority", replica.syncPriority());
            rows.add(row);
        }
        return rows;
    }

    private static Map<String, Object> pendingRestart(PostgresView pg) {
        Map<String, Object> reasons = new LinkedHashMap<>();
        pg.pendingRestart().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(entry -> {
                    Map<String, Object> values = new LinkedHashMap<>();
                    values.put("old_value", entry.getValue().oldValue());
                    values.put("new_value", entry.getValue().newValue());
                    reasons.put(entry.getKey(), values);
                });
        return reasons;
    }

    /** Microseconds only where there are any, as others write it. */
    static String time(Instant instant) {
        boolean whole = instant.get(ChronoField.MICRO_OF_SECOND) == 0;
        return (whole ? SECONDS : MICROS).format(instant) + "+00:00";
    }
}
