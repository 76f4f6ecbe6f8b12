package org.pgregent.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ConversionsTest {

    @Test
    void integersAreReadAsPostgresReadsThem() {
        assertThat(Conversions.integer("10", "")).contains(10L);
        assertThat(Conversions.integer("0x1F", "")).contains(31L);
        assertThat(Conversions.integer("010", "")).contains(8L);
        assertThat(Conversions.integer("1.5", "")).contains(2L);
        assertThat(Conversions.integer("1GB", "kB")).contains(1L << 20);
        assertThat(Conversions.integer("128MB", "8kB")).contains(16384L);
        assertThat(Conversions.integer("30min", "s")).contains(1800L);
        assertThat(Conversions.integer("500ms", "s")).contains(0L);
    }

    @Test
    void unitsAreCaseSensitiveAndNeedABase() {
        assertThat(Conversions.integer("1gb", "kB")).isEmpty();
        assertThat(Conversions.integer("10MB", "")).isEmpty();
        assertThat(Conversions.integer("10s", "kB")).isEmpty();
        assertThat(Conversions.integer("many", "")).isEmpty();
    }

    @Test
    void booleansComeInFourWords() {
        assertThat(Conversions.bool("YES")).contains(true);
        assertThat(Conversions.bool(0)).contains(false);
        assertThat(Conversions.bool("2")).isEmpty();
    }

    @Test
    void slotNamesAreWhatPostgresAllows() {
        assertThat(new NodeName("Pg-1.example").slotName()).isEqualTo("pg_1_example");
        assertThat(new NodeName("a b").slotName()).isEqualTo("au0032b");
        assertThat(new NodeName("x".repeat(70)).slotName()).hasSize(63);
    }

    @Test
    void positionsReadAndWriteAsPostgresDoes() {
        assertThat(Lsn.parse("1/5000060")).isEqualTo(new Lsn(0x1_0500_0060L));
        assertThat(new Lsn(83886080)).hasToString("0/5000000");
    }

    @Test
    void theBooleanWinsOverThePriority() {
        assertThat(new Tags(java.util.Map.of("nofailover", false, "failover_priority", 0)).noFailover())
                .isFalse();
        assertThat(new Tags(java.util.Map.of("failover_priority", 0)).noFailover())
                .isTrue();
        assertThat(new Tags(java.util.Map.of("nofailover", true, "failover_priority", 5)).failoverPriority())
                .isZero();
    }
}
