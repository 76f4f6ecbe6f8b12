package org.pgregent.launcher.config;

import static org.pgregent.launcher.config.Key.flag;
import static org.pgregent.launcher.config.Key.key;
import static org.pgregent.launcher.config.Key.text;
import static org.pgregent.launcher.config.Key.whole;

import java.util.ArrayList;
import java.util.List;
import org.pgregent.launcher.config.Key.Draft;

/** The cluster's configuration in the store. */
final class DynamicKeys {

    static final List<Key> ALL =
            drafts().stream().map(Draft::reloads).map(Draft::build).toList();

    private DynamicKeys() {}

    /** The same keys where a new cluster gets its first configuration from. */
    static List<Key> ofBootstrap() {
        return drafts().stream()
                .map(draft -> draft.below("bootstrap.dcs"))
                .map(Draft::atBootstrap)
                .map(Draft::build)
                .toList();
    }

    private static List<Draft> drafts() {
        long any = Long.MAX_VALUE;
        String noLeader = "this node leads no cluster that asks for it, for it comes with a later version";
        List<Draft> drafts = new ArrayList<>(List.of(
                whole("ttl", 1, any, "seconds the leader key lives without renewal; at least 20")
                        .or(30),
                whole("loop_wait", 0, any, "seconds between two passes; at least 1")
                        .or(10),
                whole("retry_timeout", 0, any, "seconds one pass may spend on store and PostgreSQL; at least 3")
                        .or(10),
                whole("primary_race_backoff", 0, any, "seconds to wait while WAL of the old primary still arrives")
                        .or(0)
                        .later(),
                whole("maximum_lag_on_failover", 0, any, "bytes a new primary may lack")
                        .or(1_048_576),
                whole("maximum_lag_on_syncnode", -1, any, "bytes a synchronous standby may lack")
                        .or(-1)
                        .later(),
                whole("max_timelines_history", 0, any, "lines of history kept; 0 keeps all")
                        .or(0),
                flag("check_timeline", "no promotion behind the cluster's timeline")
                        .or(false)
                        .none("there never is one here"),
                whole("primary_start_timeout", 0, any, "seconds a leader may take to start before another may lead")
                        .or(300),
                whole("master_start_timeout", 0, any, "old name of primary_start_timeout"),
                whole("primary_stop_timeout", 0, any, "seconds a synchronous primary may take to stop")
                        .or(0)
                        .later(),
                whole("master_stop_timeout", 0, any, "old name of primary_stop_timeout")
                        .later(),
                text("synchronous_mode", "off, on or quorum")
                        .or("off")
                        .oneOf("on", "off", "true", "false", "yes", "no", "0", "1", "quorum")
                        .refused(noLeader, "on", "true", "yes", "1", "quorum"),
                flag("synchronous_mode_strict", "rather no writes than none but the primary's")
                        .or(false)
                        .later(),
                whole("synchronous_node_count", 0, any, "synchronous standbys wanted")
                        .or(1)
                        .later(),
                flag("failsafe_mode", "stay primary without the store while all members answer")
                        .or(false)
                        .later(),
                flag("pause", "maintenance: look, but do not touch"),
                text("member_slots_ttl", "how long the slot of an absent member is kept")
                        .or("30min"),
                key(Kind.MAP, "slots", "permanent slots").refused(noLeader),
                key(Kind.MAP, "permanent_slots", "old name of slots").refused(noLeader),
                key(Kind.MAP, "permanent_replication_slots", "old name of slots")
                        .refused(noLeader),
                key(Kind.LIST, "ignore_slots", "slots that are left alone: name, type, database, plugin"),
                key(
                                Kind.MAP,
                                "standby_cluster",
                                "the cluster to follow: host, port, primary_slot_name,"
                                        + " create_replica_methods, restore_command, archive_cleanup_command,"
                                        + " recovery_min_apply_delay")
                        .refused(noLeader),
                flag("postgresql.use_slots", "a slot for each member").or(true)));
        drafts.addAll(PostgresKeys.ofTheCluster("postgresql"));
        return drafts;
    }
}
