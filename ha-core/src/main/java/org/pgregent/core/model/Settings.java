package org.pgregent.core.model;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The dynamic configuration, read into what the rules use. Bad values give way to defaults, with a warning each.
 *
 * @param ignoreSlots the entries of ignore_slots; logical slots are nobody's business here yet and never touched
 * @param unsupported keys of modes this version cannot honour, present and switched on: with any of them this node never leads
 * @param warnings one sentence per value that was not taken as written
 */
public record Settings(
        Duration ttl,
        Duration loopWait,
        Duration retryTimeout,
        long maximumLagOnFailover,
        Duration primaryStartTimeout,
        boolean paused,
        boolean usePgRewind,
        boolean useSlots,
        Duration memberSlotsTtl,
        int maxTimelinesHistory,
        boolean removeDataOnRewindFailure,
        boolean removeDataOnDivergence,
        List<Map<?, ?>> ignoreSlots,
        List<String> unsupported,
        PostgresSettings postgres,
        List<String> warnings) {

    public static final Duration CONTRACT_SHORTEST_TTL = Duration.ofSeconds(20);

    /** @param shortestTtl the least ttl allowed; with the contract's 20 s its other minimums hold too */
    public static Settings from(DynamicConfig config, Duration shortestTtl) {
        return new Reader(config, shortestTtl).read();
    }

    /** Why a new document cannot be used at all; the one before it stays in force then. */
    public static Optional<String> refusal(DynamicConfig config) {
        return DynamicChecks.refusal(config);
    }

    public Settings {
        ignoreSlots = List.copyOf(ignoreSlots);
        unsupported = List.copyOf(unsupported);
        warnings = List.copyOf(warnings);
    }

    /** Whether a physical slot of this name belongs to somebody else: every property that an entry gives must fit. */
    public boolean ignoresSlot(String name) {
        return ignoreSlots.stream()
                .anyMatch(entry -> (!entry.containsKey("name") || name.equals(String.valueOf(entry.get("name"))))
                        && (!entry.containsKey("type") || "physical".equals(String.valueOf(entry.get("type"))))
                        && !entry.containsKey("database")
                        && !entry.containsKey("plugin"));
    }

    /** Reads one document; holds the warnings while it does. */
    private static final class Reader {
        /** Some thirty years: whoever adds a few of them stays far from what numbers can hold. */
        private static final long MOST_SECONDS = 1_000_000_000;

        private final Map<String, Object> document;
        private final Map<String, Object> postgresql;
        private final DynamicConfig config;
        private final long ttlMin;
        private final List<String> warnings = new ArrayList<>();

        Reader(DynamicConfig config, Duration shortestTtl) {
            this.config = config;
            this.document = config.document();
            this.postgresql = config.section("postgresql");
            this.ttlMin = shortestTtl.toSeconds();
        }

        Settings read() {
            warnings.addAll(DynamicChecks.warnings(config));
            long loopWait = within("loop_wait", 10, 1, MOST_SECONDS);
            long retryTimeout =
                    within("retry_timeout", 10, ttlMin < CONTRACT_SHORTEST_TTL.toSeconds() ? 1 : 3, MOST_SECONDS);
            long ttl = within("ttl", 30, ttlMin, MOST_SECONDS);
            if (loopWait + 2 * retryTimeout > ttl) {
                long askedLoop = loopWait;
                long askedRetry = retryTimeout;
                if (1 + 2 * retryTimeout > ttl) {
                    loopWait = 1;
                    retryTimeout = (ttl - 1) / 2;
                } else {
                    loopWait = ttl - 2 * retryTimeout;
                }
                warnings.add(
                        ("loop_wait %d + 2 * retry_timeout %d is above ttl %d, so a slow store could cost a healthy lease;"
                                        + " going on with loop_wait %d and retry_timeout %d. Raise ttl or lower one of the others.")
                                .formatted(askedLoop, askedRetry, ttl, loopWait, retryTimeout));
            }
            return new Settings(
                    Duration.ofSeconds(ttl),
                    Duration.ofSeconds(loopWait),
                    Duration.ofSeconds(retryTimeout),
                    within("maximum_lag_on_failover", 1_048_576, 0, Long.MAX_VALUE),
                    Duration.ofSeconds(within(
                            document.containsKey("primary_start_timeout")
                                    ? "primary_start_timeout"
                                    : "master_start_timeout",
                            300,
                            0,
                            MOST_SECONDS)),
                    bool(document, "pause", false),
                    bool(postgresql, "use_pg_rewind", false),
                    bool(postgresql, "use_slots", true),
                    memberSlotsTtl(),
                    (int) within("max_timelines_history", 0, 0, Integer.MAX_VALUE),
                    bool(postgresql, "remove_data_directory_on_rewind_failure", false),
                    bool(postgresql, "remove_data_directory_on_diverged_timelines", false),
                    ignoreSlots(),
                    DynamicChecks.unsupported(config),
                    postgres(),
                    warnings);
        }

        private Duration memberSlotsTtl() {
            Object value = document.get("member_slots_ttl");
            if (value == null) {
                return Duration.ofMinutes(30);
            }
            Optional<Long> seconds = Conversions.integer(value, "s").filter(s -> s >= 0 && s <= MOST_SECONDS);
            if (seconds.isEmpty()) {
                warnings.add("member_slots_ttl is '" + value + "', not a time such as 30min; going on with 30min.");
            }
            return Duration.ofSeconds(seconds.orElse(1800L));
        }

        private List<Map<?, ?>> ignoreSlots() {
            List<Map<?, ?>> entries = new ArrayList<>();
            if (document.get("ignore_slots") instanceof List<?> list) {
                for (Object entry : list) {
                    if (entry instanceof Map<?, ?> map) {
                        entries.add(map);
                    }
                }
            }
            return entries;
        }

        private PostgresSettings postgres() {
            TreeMap<String, String> parameters = new TreeMap<>();
            if (postgresql.get("parameters") instanceof Map<?, ?> given) {
                given.forEach((name, value) -> {
                    if (value != null) {
                        parameters.put(name.toString().toLowerCase(Locale.ROOT), value.toString());
                    }
                });
            } else if (postgresql.get("parameters") != null) {
                warnings.add("postgresql.parameters is not a mapping of names to values; it is not used.");
            }
            List<String> hba = new ArrayList<>();
            if (postgresql.get("pg_hba") instanceof List<?> lines) {
                lines.stream().filter(Objects::nonNull).forEach(line -> hba.add(line.toString()));
            }
            Map<String, Object> rest = new TreeMap<>(postgresql);
            rest.remove("parameters");
            rest.remove("pg_hba");
            return new PostgresSettings(parameters, rest, hba);
        }

        private long within(String key, long otherwise, long min, long most) {
            Object value = document.get(key);
            if (value == null) {
                return otherwise;
            }
            Optional<Long> number = Conversions.integer(value, "");
            if (number.isEmpty()) {
                warnings.add(key + " is '" + value + "', not a whole number; going on with " + otherwise + ".");
                return otherwise;
            }
            if (number.get() < min) {
                warnings.add(key + " is " + number.get() + ", the least is " + min + "; going on with that.");
                return min;
            }
            if (number.get() > most) {
                warnings.add(key + " is " + number.get() + ", the most is " + most + "; going on with that.");
                return most;
            }
            return number.get();
        }

        private static boolean bool(Map<String, Object> map, String key, boolean otherwise) {
            Object value = map.get(key);
            return value == null ? otherwise : Conversions.bool(value).orElse(otherwise);
        }
    }
}
