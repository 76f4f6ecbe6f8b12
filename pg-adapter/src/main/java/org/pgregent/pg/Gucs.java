package org.pgregent.pg;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.pgregent.core.model.Conversions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The parameters that the agent controls: their values come from the dynamic configuration or from a default, never from a
 * node's own file, for a standby with less than its primary stops replaying.
 */
final class Gucs {

    private static final Logger LOG = LoggerFactory.getLogger(Gucs.class);

    private record Controlled(String name, String fallback, Predicate<String> accepted) {}

    private static final List<Controlled> FROM_DYNAMIC = List.of(
            new Controlled("max_connections", "100", atLeast(25)),
            new Controlled("max_locks_per_transaction", "64", atLeast(32)),
            new Controlled("max_worker_processes", "8", atLeast(2)),
            new Controlled("max_prepared_transactions", "0", atLeast(0)),
            new Controlled("max_wal_senders", "10", atLeast(3)),
            new Controlled("max_replication_slots", "10", atLeast(4)),
            new Controlled("wal_level", "replica", Gucs::isWalLevel),
            new Controlled("track_commit_timestamp", "off", value -> Conversions.bool(value)
                    .isPresent()),
            new Controlled(
                    "wal_log_hints", "on", value -> Conversions.bool(value).isPresent()),
            new Controlled("hot_standby", "on", value -> Conversions.bool(value).equals(Optional.of(true))));

    private static final Set<String> NEVER_SETTABLE = Set.of("listen_addresses", "port", "cluster_name");
    private static final Set<String> WAL_KEEP = Set.of("wal_keep_size", "wal_keep_segments");

    /** What a standby must have no less of than pg_control says its primary had; by pg_controldata's words. */
    static final Map<String, String> IN_CONTROL_FILE = Map.of(
            "max_connections", "max_connections setting",
            "max_prepared_transactions", "max_prepared_xacts setting",
            "max_locks_per_transaction", "max_locks_per_xact setting",
            "max_worker_processes", "max_worker_processes setting",
            "max_wal_senders", "max_wal_senders setting");

    private Gucs() {}

    /** The names passed on the command line. */
    static Set<String> onCommandLine() {
        Set<String> names = new java.util.TreeSet<>(NEVER_SETTABLE);
        FROM_DYNAMIC.forEach(guc -> names.add(guc.name()));
        return names;
    }

    /** The values for the command line. */
    static SortedMap<String, String> controlled(Map<String, String> dynamic, PgConfig config) {
        SortedMap<String, String> values = new TreeMap<>();
        for (Controlled guc : FROM_DYNAMIC) {
            values.put(guc.name(), accepted(guc, dynamic.get(guc.name())));
        }
        values.computeIfPresent("wal_level", (name, level) -> rendered(level));
        values.put("listen_addresses", String.join(",", config.network().listen()));
        values.put("port", Integer.toString(config.network().port()));
        values.put("cluster_name", config.scope());
        return values;
    }

    /** All parameters for the file: the cluster's, over them this node's, over them what the agent controls. */
    static SortedMap<String, String> forFile(Map<String, String> dynamic, PgConfig config, int major) {
        SortedMap<String, String> values = new TreeMap<>(dynamic);
        config.parameters().forEach((name, value) -> {
            // The synchronous standbys are the cluster's affair: the agent writes them as it goes.
            boolean agentsOwn = name.equals("synchronous_standby_names") && dynamic.containsKey(name);
            if (!agentsOwn) {
                values.put(name.toLowerCase(Locale.ROOT), value);
            }
        });
        values.keySet().removeAll(WAL_KEEP);
        values.putAll(controlled(dynamic, config));
        if (PgVersions.WAL_KEEP_SIZE.isIn(major)) {
            values.put("wal_keep_size", walKeepMegabytes(dynamic) + "MB");
        } else {
            values.put("wal_keep_segments", Long.toString((walKeepMegabytes(dynamic) + 8) / 16));
        }
        return values;
    }

    private static long walKeepMegabytes(Map<String, String> dynamic) {
        Optional<Long> size = accepted("wal_keep_size", dynamic, "MB", 16, "128MB");
        if (size.isPresent()) {
            return size.get();
        }
        return accepted("wal_keep_segments", dynamic, "", 1, "8").orElse(8L) * 16;
    }

    private static Optional<Long> accepted(
            String name, Map<String, String> dynamic, String unit, long least, String fallback) {
        String value = dynamic.get(name);
        if (value == null) {
            return Optional.empty();
        }
        Optional<Long> number = Conversions.integer(value, unit).filter(n -> n >= least);
        if (number.isEmpty()) {
            warn(name, value, fallback);
        }
        return number;
    }

    private static String accepted(Controlled guc, String value) {
        if (value == null) {
            return guc.fallback();
        }
        if (guc.accepted().test(value)) {
            return value;
        }
        warn(guc.name(), value, guc.fallback());
        return guc.fallback();
    }

    private static void warn(String name, String value, String fallback) {
        LOG.warn("postgresql parameter {}={} failed validation, defaulting to {}", name, value, fallback);
    }

    private static Predicate<String> atLeast(long least) {
        return value -> Conversions.integer(value, "").filter(n -> n >= least).isPresent();
    }

    private static boolean isWalLevel(String value) {
        return List.of("hot_standby", "replica", "logical").contains(value.toLowerCase(Locale.ROOT));
    }

    private static String rendered(String walLevel) {
        String level = walLevel.toLowerCase(Locale.ROOT);
        return level.equals("hot_standby") ? "replica" : level;
    }

    /** Whether the running value (in pg_settings' words) is the wanted one, written in whatever way. */
    static boolean isSame(String running, String wanted) {
        Optional<Boolean> a = Conversions.bool(running);
        Optional<Boolean> b = Conversions.bool(wanted);
        Optional<Long> m = Conversions.integer(running, "");
        Optional<Long> n = Conversions.integer(wanted, "");
        return running.equalsIgnoreCase(wanted) || a.isPresent() && a.equals(b) || m.isPresent() && m.equals(n);
    }

    /** As arguments of the server. */
    static List<String> arguments(Map<String, String> values) {
        List<String> arguments = new ArrayList<>();
        values.forEach((name, value) -> arguments.add("--" + name + "=" + value));
        return arguments;
    }
}
