package org.pgregent.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The cluster's configuration is anybody's to write: whatever is in it, an agent goes on with settings that are safe. */
class SettingsFuzzTest {

    private static final List<String> KEYS = List.of(
            "ttl",
            "loop_wait",
            "retry_timeout",
            "maximum_lag_on_failover",
            "max_timelines_history",
            "primary_start_timeout",
            "master_start_timeout",
            "primary_stop_timeout",
            "member_slots_ttl",
            "pause",
            "check_timeline",
            "failsafe_mode",
            "synchronous_mode",
            "synchronous_node_count",
            "ignore_slots",
            "slots",
            "permanent_slots",
            "standby_cluster",
            "postgresql",
            "host",
            "parameters",
            "pg_hba",
            "pg_ident",
            "use_slots",
            "use_pg_rewind",
            "recovery_conf",
            "pg_hba_replica",
            "name");

    private final Random random = new Random(20_261_121);

    @Test
    void whateverIsInItTheSettingsAreSafe() {
        for (int i = 0; i < 10_000; i++) {
            DynamicConfig config = new DynamicConfig(map(3));
            Settings s = Settings.from(config, Settings.CONTRACT_SHORTEST_TTL);

            assertThat(s.ttl()).as("%s", config).isBetween(Duration.ofSeconds(20), Duration.ofSeconds(1_000_000_000));
            assertThat(s.loopWait().plus(s.retryTimeout().multipliedBy(2)))
                    .as("%s", config)
                    .isLessThanOrEqualTo(s.ttl());
            assertThat(s.loopWait()).as("%s", config).isPositive();
            assertThat(s.retryTimeout()).as("%s", config).isPositive();
            assertThat(s.primaryStartTimeout().toNanos()).as("%s", config).isNotNegative();
            assertThat(s.memberSlotsTtl().toNanos()).as("%s", config).isNotNegative();
            assertThat(s.warnings())
                    .as("%s", config)
                    .allSatisfy(line -> assertThat(line).isNotBlank().doesNotContain("\n\tat "));
            assertThat(Settings.refusal(config)).as("%s", config).isNotEqualTo(java.util.Optional.of(""));
            assertThat(s.ignoresSlot("a")).isIn(true, false);
            assertThat(s.postgres().fingerprint()).isNotBlank();
        }
    }

    private Map<String, Object> map(int depth) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (int i = random.nextInt(8); i > 0; i--) {
            map.put(KEYS.get(random.nextInt(KEYS.size())), value(depth));
        }
        return map;
    }

    private @Nullable Object value(int depth) {
        return switch (random.nextInt(depth > 0 ? 14 : 11)) {
            case 0 -> random.nextInt(100);
            case 1 -> random.nextInt();
            case 2 -> random.nextLong();
            case 3 -> random.nextDouble() * 1e19;
            case 4 -> random.nextBoolean();
            case 5 -> null;
            case 6 -> "";
            case 7 -> String.valueOf(random.nextInt(60));
            case 8 ->
                List.of("on", "quorum", "1h", "0x7fffffffffffffff", "1e400", "NaN", "-1", "1.5", "é", "9".repeat(40))
                        .get(random.nextInt(10));
            case 9 -> new java.math.BigInteger(200, random);
            case 10 -> Long.MAX_VALUE;
            case 11 -> list(depth - 1);
            default -> map(depth - 1);
        };
    }

    private List<@Nullable Object> list(int depth) {
        List<@Nullable Object> list = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            list.add(value(depth));
        }
        return list;
    }
}
