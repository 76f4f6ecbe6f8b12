package org.pgregent.core.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What is to be said of a dynamic configuration beside the values {@link Settings} reads: whether it can be used at all, values
 * that make no sense, and what nothing here acts on yet.
 */
final class DynamicChecks {

    /** A new document with one of these unusable is not taken at all: nobody can know what was meant. */
    private static final List<String> TIMERS = List.of("ttl", "loop_wait", "retry_timeout");

    /** By key, the least value; whatever is written, nothing here uses them yet. */
    private static final Map<String, Long> UNUSED_NUMBERS = new TreeMap<>(Map.of(
            "primary_race_backoff", 0L,
            "maximum_lag_on_syncnode", -1L,
            "primary_stop_timeout", 0L,
            "master_stop_timeout", 0L,
            "synchronous_node_count", 0L));

    private static final List<String> BOOLEANS =
            List.of("pause", "check_timeline", "failsafe_mode", "synchronous_mode_strict");

    private static final List<String> POSTGRESQL_BOOLEANS = List.of(
            "use_pg_rewind",
            "use_slots",
            "remove_data_directory_on_rewind_failure",
            "remove_data_directory_on_diverged_timelines");

    /** Going on as if these were not there could promote what must not be, or let in whom they keep out. */
    private static final List<String> POSTGRESQL_UNSUPPORTED = List.of(
            "pre_promote",
            "pg_hba_primary",
            "pg_hba_replica",
            "pg_hba_standby_leader",
            "pg_ident_primary",
            "pg_ident_replica",
            "pg_ident_standby_leader");

    /** Nothing reads them from the cluster's configuration yet. */
    private static final List<String> POSTGRESQL_UNUSED = List.of(
            "basebackup",
            "before_stop",
            "callbacks",
            "create_replica_method",
            "create_replica_methods",
            "custom_conf",
            "parameters_primary",
            "parameters_replica",
            "parameters_standby_leader",
            "pg_ctl_timeout",
            "pg_ident",
            "rewind");

    private DynamicChecks() {}

    /** Why the document as a whole cannot be used; the one before it stays in force then. */
    static Optional<String> refusal(DynamicConfig config) {
        for (String key : TIMERS) {
            Object value = config.document().get(key);
            if (value != null && Conversions.integer(value, "").isEmpty()) {
                return Optional.of(key + " is '" + value
                        + "', not a whole number of seconds: write it without a unit, such as 30");
            }
        }
        Object postgresql = config.document().get("postgresql");
        if (postgresql != null && !(postgresql instanceof Map)) {
            return Optional.of("postgresql is not a mapping: write its keys below it");
        }
        Object parameters = config.section("postgresql").get("parameters");
        if (parameters != null && !(parameters instanceof Map)) {
            return Optional.of("postgresql.parameters is not a mapping of names to values: write one parameter a line");
        }
        return Optional.empty();
    }

    static List<String> warnings(DynamicConfig config) {
        List<String> warnings = new ArrayList<>();
        UNUSED_NUMBERS.forEach((key, least) -> {
            Object value = config.document().get(key);
            if (value != null
                    && Conversions.integer(value, "").filter(n -> n >= least).isEmpty()) {
                warnings.add(
                        key + " is '" + value + "', not a whole number of at least " + least + "; it is not used.");
            }
        });
        booleans(config.document(), "", BOOLEANS, warnings);
        booleans(config.section("postgresql"), "postgresql.", POSTGRESQL_BOOLEANS, warnings);
        Object mode = config.document().get("synchronous_mode");
        if (mode != null
                && Conversions.bool(mode).isEmpty()
                && !mode.toString().toLowerCase(Locale.ROOT).equals("quorum")) {
            warnings.add("synchronous_mode is '" + mode + "', neither on, off nor quorum; it counts as off.");
        }
        if (isOn(config, "failsafe_mode")) {
            warnings.add("failsafe_mode is on, which comes with a later version; it counts as off: without the store a"
                    + " primary steps down.");
        }
        Object ignored = config.document().get("ignore_slots");
        if (ignored != null && !isListOfMappings(ignored)) {
            warnings.add("ignore_slots is not a list of mappings; what is none is not used.");
        }
        Map<String, Object> postgresql = config.section("postgresql");
        List<String> unused = POSTGRESQL_UNUSED.stream()
                .filter(key -> postgresql.get(key) != null)
                .map(key -> "postgresql." + key)
                .toList();
        if (!unused.isEmpty()) {
            warnings.add("the cluster's configuration has " + String.join(", ", unused)
                    + ", which nothing reads from there yet; it is not used.");
        }
        return warnings;
    }

    private static boolean isListOfMappings(Object value) {
        return value instanceof List<?> list && list.stream().allMatch(Map.class::isInstance);
    }

    private static boolean isOn(DynamicConfig config, String key) {
        return Optional.ofNullable(config.document().get(key))
                .flatMap(Conversions::bool)
                .orElse(false);
    }

    private static void booleans(Map<String, Object> section, String at, List<String> keys, List<String> warnings) {
        for (String key : keys) {
            Object value = section.get(key);
            if (value != null && Conversions.bool(value).isEmpty()) {
                warnings.add(at + key + " is '" + value + "', neither true nor false; it is not used.");
            }
        }
    }

    /** Keys whose meaning cannot be honoured yet and must not be passed over. */
    static List<String> unsupported(DynamicConfig config) {
        List<String> found = new ArrayList<>();
        Object sync = config.document().get("synchronous_mode");
        if (sync != null
                && (Conversions.bool(sync).orElse(false)
                        || sync.toString().toLowerCase(Locale.ROOT).equals("quorum"))) {
            found.add("synchronous_mode");
        }
        Map<String, Object> standby = config.section("standby_cluster");
        if (List.of("host", "port", "restore_command").stream()
                .anyMatch(k ->
                        standby.get(k) != null && !standby.get(k).toString().isEmpty())) {
            found.add("standby_cluster");
        }
        for (String slots : List.of("slots", "permanent_slots", "permanent_replication_slots")) {
            if (!config.section(slots).isEmpty()) {
                found.add(slots);
            }
        }
        Map<String, Object> postgresql = config.section("postgresql");
        for (String key : POSTGRESQL_UNSUPPORTED) {
            Object value = postgresql.get(key);
            boolean nothing = value == null || value.toString().isBlank() || value.equals(List.of());
            if (!nothing) {
                found.add("postgresql." + key);
            }
        }
        return found;
    }
}
