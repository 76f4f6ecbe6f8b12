package org.pgregent.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SettingsTest {

    private static Settings from(Map<String, Object> document) {
        return Settings.from(new DynamicConfig(document), Settings.CONTRACT_SHORTEST_TTL);
    }

    @Test
    void defaults() {
        Settings s = from(Map.of());

        assertThat(s.ttl()).isEqualTo(Duration.ofSeconds(30));
        assertThat(s.loopWait()).isEqualTo(Duration.ofSeconds(10));
        assertThat(s.retryTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(s.maximumLagOnFailover()).isEqualTo(1_048_576);
        assertThat(s.primaryStartTimeout()).isEqualTo(Duration.ofSeconds(300));
        assertThat(s.memberSlotsTtl()).isEqualTo(Duration.ofMinutes(30));
        assertThat(s.useSlots()).isTrue();
        assertThat(s.paused()).isFalse();
        assertThat(s.usePgRewind()).isFalse();
        assertThat(s.removeDataOnRewindFailure()).isFalse();
        assertThat(s.removeDataOnDivergence()).isFalse();
        assertThat(s.unsupported()).isEmpty();
        assertThat(s.postgres()).isEqualTo(PostgresSettings.NONE);
        assertThat(s.warnings()).isEmpty();
    }

    @Test
    void everythingSet() {
        Settings s = from(Map.ofEntries(
                Map.entry("ttl", 60),
                Map.entry("loop_wait", "5"),
                Map.entry("retry_timeout", 12),
                Map.entry("maximum_lag_on_failover", 0),
                Map.entry("primary_start_timeout", 0),
                Map.entry("master_start_timeout", 99),
                Map.entry("member_slots_ttl", "1h"),
                Map.entry("max_timelines_history", 5),
                Map.entry("pause", true),
                Map.entry(
                        "postgresql",
                        Map.of(
                                "use_pg_rewind",
                                "on",
                                "use_slots",
                                false,
                                "remove_data_directory_on_rewind_failure",
                                "yes",
                                "remove_data_directory_on_diverged_timelines",
                                1,
                                "parameters",
                                Map.of("Max_Connections", 50),
                                "pg_hba",
                                List.of("local all all trust")))));

        assertThat(s.ttl()).isEqualTo(Duration.ofSeconds(60));
        assertThat(s.loopWait()).isEqualTo(Duration.ofSeconds(5));
        assertThat(s.retryTimeout()).isEqualTo(Duration.ofSeconds(12));
        assertThat(s.maximumLagOnFailover()).isZero();
        assertThat(s.primaryStartTimeout()).isZero();
        assertThat(s.memberSlotsTtl()).isEqualTo(Duration.ofHours(1));
        assertThat(s.maxTimelinesHistory()).isEqualTo(5);
        assertThat(s.paused()).isTrue();
        assertThat(s.usePgRewind()).isTrue();
        assertThat(s.useSlots()).isFalse();
        assertThat(s.removeDataOnRewindFailure()).isTrue();
        assertThat(s.removeDataOnDivergence()).isTrue();
        assertThat(s.postgres().parameters()).containsOnly(Map.entry("max_connections", "50"));
        assertThat(s.postgres().hba()).containsExactly("local all all trust");
        assertThat(s.warnings()).isEmpty();
    }

    @Test
    void timersBelowTheLeastAreRaisedAndTheTtlRuleIsKeptWithAnExplanation() {
        Settings low = from(Map.of("ttl", 5, "loop_wait", 0, "retry_timeout", 1));
        assertThat(low.ttl()).isEqualTo(Duration.ofSeconds(20));
        assertThat(low.loopWait()).isEqualTo(Duration.ofSeconds(1));
        assertThat(low.retryTimeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(low.warnings()).hasSize(3);

        Settings tight = from(Map.of("ttl", 20, "loop_wait", 10, "retry_timeout", 8));
        assertThat(tight.loopWait()).isEqualTo(Duration.ofSeconds(4));
        assertThat(tight.warnings()).singleElement().asString().contains("loop_wait 10", "ttl 20", "Raise ttl");

        Settings hopeless = from(Map.of("ttl", 20, "loop_wait", 10, "retry_timeout", 30));
        assertThat(hopeless.loopWait()).isEqualTo(Duration.ofSeconds(1));
        assertThat(hopeless.retryTimeout()).isEqualTo(Duration.ofSeconds(9));
    }

    @Test
    void aNodeThatMayUseShorterLeasesMayUseShorterRetries() {
        Settings s = Settings.from(
                new DynamicConfig(Map.of("ttl", 5, "loop_wait", 1, "retry_timeout", 1)), Duration.ofSeconds(4));
        assertThat(s.ttl()).isEqualTo(Duration.ofSeconds(5));
        assertThat(s.retryTimeout()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void modesItCannotHonourAreNamed() {
        assertThat(from(Map.of("synchronous_mode", "quorum")).unsupported()).containsExactly("synchronous_mode");
        assertThat(from(Map.of("synchronous_mode", true)).unsupported()).containsExactly("synchronous_mode");
        assertThat(from(Map.of("synchronous_mode", "off")).unsupported()).isEmpty();
        assertThat(from(Map.of("standby_cluster", Map.of("host", "far"))).unsupported())
                .containsExactly("standby_cluster");
        assertThat(from(Map.of("standby_cluster", Map.of("port", ""))).unsupported())
                .isEmpty();
        assertThat(from(Map.of("slots", Map.of("perm", Map.of("type", "physical"))))
                        .unsupported())
                .containsExactly("slots");
    }

    @Test
    void nonsenseGivesWayToTheDefaultWithAWarning() {
        Settings s = from(Map.of("ttl", "soon", "member_slots_ttl", "-1", "postgresql", Map.of("parameters", "x")));
        assertThat(s.ttl()).isEqualTo(Duration.ofSeconds(30));
        assertThat(s.memberSlotsTtl()).isEqualTo(Duration.ofMinutes(30));
        assertThat(s.warnings()).hasSize(3);
    }

    @Test
    void valuesThatNothingHereUsesAreCheckedAllTheSame() {
        Settings s = from(Map.of(
                "primary_race_backoff",
                "soon",
                "synchronous_node_count",
                -1,
                "check_timeline",
                "perhaps",
                "failsafe_mode",
                true,
                "synchronous_mode",
                "sometimes",
                "ignore_slots",
                List.of("x"),
                "postgresql",
                Map.of("use_slots", "maybe")));

        assertThat(s.warnings())
                .hasSize(7)
                .anySatisfy(w -> assertThat(w).contains("failsafe_mode is on").contains("counts as off"))
                .anySatisfy(w -> assertThat(w).startsWith("postgresql.use_slots is 'maybe'"))
                .anySatisfy(w ->
                        assertThat(w).startsWith("synchronous_node_count is '-1', not a whole number of at least 0"));
        assertThat(s.useSlots()).isTrue();
        assertThat(s.unsupported()).isEmpty();
    }

    @Test
    void whatMustNotBePassedOverKeepsThisNodeFromLeading() {
        assertThat(from(Map.of(
                                "postgresql",
                                Map.of(
                                        "pre_promote",
                                        "/x",
                                        "pg_hba_primary",
                                        List.of("a"),
                                        "pg_hba_replica",
                                        List.of())))
                        .unsupported())
                .containsExactly("postgresql.pre_promote", "postgresql.pg_hba_primary");
    }

    @Test
    void aDocumentThatCannotBeMeantIsRefusedAsAWhole() {
        assertThat(Settings.refusal(new DynamicConfig(Map.of("ttl", "30s"))))
                .hasValueSatisfying(reason -> assertThat(reason).contains("ttl is '30s'"));
        assertThat(Settings.refusal(new DynamicConfig(Map.of("postgresql", Map.of("parameters", List.of())))))
                .isPresent();
        assertThat(Settings.refusal(new DynamicConfig(Map.of("postgresql", "x"))))
                .isPresent();
        assertThat(Settings.refusal(new DynamicConfig(Map.of("ttl", "30", "loop_wait", 1.2, "anything", "goes"))))
                .isEmpty();
    }

    @Test
    void thisNodesOwnValuesWin() {
        DynamicConfig dynamic = new DynamicConfig(Map.of("postgresql", Map.of("use_pg_rewind", false, "a", "b")));
        Settings s = Settings.from(dynamic.withLocal(Map.of("use_pg_rewind", true)), Settings.CONTRACT_SHORTEST_TTL);
        assertThat(s.usePgRewind()).isTrue();
        assertThat(s.postgres().dynamic()).containsEntry("a", "b");
        assertThat(dynamic.withLocal(Map.of())).isSameAs(dynamic);
    }

    @Test
    void numbersBeyondAllSenseDoNotOverflowTheRule() {
        Settings s = from(Map.of("retry_timeout", Long.MAX_VALUE / 2 + 1, "member_slots_ttl", "99999999999d"));
        assertThat(s.loopWait().plus(s.retryTimeout().multipliedBy(2))).isLessThanOrEqualTo(s.ttl());
        assertThat(s.memberSlotsTtl()).isEqualTo(Duration.ofMinutes(30));
        assertThat(s.warnings())
                .anySatisfy(line -> assertThat(line).startsWith("retry_timeout is 4611686018427387904, the most is"));
    }

    @Test
    void whatNothingReadsFromTheClustersConfigurationIsNamed() {
        assertThat(from(Map.of("postgresql", Map.of("pg_ident", List.of("m a b"), "custom_conf", "/x")))
                        .warnings())
                .containsExactly("the cluster's configuration has postgresql.custom_conf, postgresql.pg_ident, which"
                        + " nothing reads from there yet; it is not used.");
    }
}
