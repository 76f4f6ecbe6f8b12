package org.pgregent.core.cluster;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.pgregent.core.model.NodeView;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.PostgresView.DataDir;
import org.pgregent.core.model.Tags;
import org.pgregent.core.model.TaskKind;

/** The object a node publishes about itself, its fields in the order others write them. */
public final class MemberFields {

    private final String connUrl;
    private final String apiUrl;
    private final String ownVersion;

    /** @param ownVersion of pgregent; a field of our own beside the contract's version */
    public MemberFields(String connUrl, String apiUrl, String ownVersion) {
        this.connUrl = connUrl;
        this.apiUrl = apiUrl;
        this.ownVersion = ownVersion;
    }

    public Map<String, Object> of(NodeView node, boolean paused) {
        PostgresView pg = node.postgres();
        String state = state(node);
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("conn_url", connUrl);
        fields.put("api_url", apiUrl);
        fields.put("state", state);
        fields.put("role", role(pg));
        fields.put("version", ClusterLayout.CONTRACT_VERSION);
        if (pg.isPrimary() && !checkpointed(pg)) {
            fields.put("checkpoint_after_promote", false);
        }
        Map<String, Object> tags = published(node.tags());
        if (!tags.isEmpty()) {
            fields.put("tags", tags);
        }
        if (!pg.pendingRestart().isEmpty()) {
            fields.put("pending_restart", true);
            Map<String, Object> reasons = new LinkedHashMap<>();
            pg.pendingRestart().entrySet().stream()
                    .sorted(Map.Entry.comparingByKey())
                    .forEach(e -> {
                        Map<String, Object> values = new LinkedHashMap<>();
                        values.put("old_value", e.getValue().oldValue());
                        values.put("new_value", e.getValue().newValue());
                        reasons.put(e.getKey(), values);
                    });
            fields.put("pending_restart_reason", reasons);
        }
        boolean quiet =
                node.runningTask().map(t -> t.kind() != TaskKind.PROMOTE).orElse(false);
        if (!quiet) {
            positions(pg, fields);
        }
        if (paused) {
            fields.put("pause", true);
        }
        fields.put("regent_version", ownVersion);
        return fields;
    }

    private static void positions(PostgresView pg, Map<String, Object> fields) {
        pg.wal().position().ifPresent(lsn -> fields.put("xlog_location", lsn.bytes()));
        if (pg.isReplica()) {
            pg.wal().replayed().ifPresent(lsn -> fields.put("replay_lsn", lsn.bytes()));
            pg.wal().received().ifPresent(lsn -> fields.put("receive_lsn", lsn.bytes()));
            pg.replicationState().ifPresent(s -> fields.put("replication_state", s));
        }
        pg.wal().timeline().ifPresent(t -> fields.put("timeline", t.number()));
    }

    static Map<String, Object> withoutPositions(Map<String, Object> fields) {
        Map<String, Object> rest = new LinkedHashMap<>(fields);
        rest.keySet().removeAll(java.util.Set.of("xlog_location", "replay_lsn", "receive_lsn"));
        return rest;
    }

    /** The control file tells the new timeline only after the first checkpoint on it. */
    private static boolean checkpointed(PostgresView pg) {
        return pg.control()
                .map(c -> pg.wal().timeline().map(c.timeline()::equals).orElse(true))
                .orElse(true);
    }

    /** The state as the contract words it. */
    public static String state(NodeView node) {
        Optional<TaskKind> task = node.runningTask().map(t -> t.kind());
        if (task.isPresent()) {
            switch (task.get()) {
                case INITDB:
                    return "initializing new cluster";
                case CLONE:
                    return "creating replica";
                case STOP:
                    return "stopping";
                case START_PRIMARY:
                case START_REPLICA:
                    return "starting";
                default:
                    break;
            }
        }
        return switch (node.postgres().process()) {
            case RUNNING -> "running";
            case STARTING -> "starting";
            case STOPPED -> stopped(node);
        };
    }

    private static String stopped(NodeView node) {
        if (node.task().isPresent() && node.task().get().failure().isPresent()) {
            switch (node.task().get().kind()) {
                case INITDB:
                    return "initdb failed";
                case START_PRIMARY:
                case START_REPLICA:
                    return "start failed";
                case STOP:
                    return "stop failed";
                default:
                    break;
            }
        }
        boolean crashed =
                node.postgres().control().map(c -> c.crashedAsPrimary()).orElse(false)
                        && !node.postgres().standbySignal();
        return crashed ? "crashed" : "stopped";
    }

    /** The role as the contract words it. */
    public static String role(PostgresView pg) {
        // A folder full of something else has no cluster in it either; who says otherwise keeps the others from making
        // one.
        if (pg.dataDir() == DataDir.EMPTY || pg.dataDir() == DataDir.UNFINISHED || pg.dataDir() == DataDir.INVALID) {
            return "uninitialized";
        }
        if (pg.isPrimary()) {
            return "primary";
        }
        return pg.isReplica() || pg.standbySignal() ? "replica" : "demoted";
    }

    /** The known booleans only when true, or when the number that stands for them is given; all others always. */
    public static Map<String, Object> published(Tags tags) {
        Map<String, Object> published = new LinkedHashMap<>();
        tags.all().forEach((name, value) -> {
            boolean known = java.util.Set.of("clonefrom", "nofailover", "noloadbalance", "nosync", "nostream")
                    .contains(name);
            boolean shown = !known
                    || org.pgregent.core.model.Conversions.bool(value).orElse(false)
                    || name.equals("nofailover") && tags.all().containsKey("failover_priority")
                    || name.equals("nosync") && tags.all().containsKey("sync_priority");
            if (shown) {
                published.put(name, value);
            }
        });
        return published;
    }
}
