package org.pgregent.launcher.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConfigDiffTest {

    private static final Map<String, Object> RUNNING = Map.of(
            "scope",
            "main",
            "tags",
            Map.of("nofailover", false, "rack", 7),
            "restapi",
            Map.of("listen", "a:1", "http_extra_headers", Map.of("X", "1")),
            "bootstrap",
            Map.of("dcs", Map.of("ttl", 30)),
            "postgresql",
            Map.of(
                    "listen",
                    "a:2",
                    "parameters",
                    Map.of("work_mem", "4MB", "pg_stat_statements.max", 100),
                    "pg_hba",
                    List.of("one")));

    private static ConfigDiff diff(Map<String, Object> changes) {
        return ConfigDiff.between(
                Document.of(RUNNING, "old"), Document.of(RUNNING, "new").with(changes, "new"));
    }

    @Test
    void theSameIsNoChangeHoweverItIsWritten() {
        assertThat(diff(Map.of("bootstrap", Map.of("dcs", Map.of("ttl", "30")))).isEmpty())
                .isTrue();
    }

    @Test
    void whatCanTakesEffect() {
        ConfigDiff diff = diff(Map.of(
                "tags", Map.of("nofailover", true, "rack", 8, "clonefrom", true),
                "log", Map.of("level", "DEBUG", "loggers", Map.of("a.b", "INFO")),
                "restapi", Map.of("http_extra_headers", Map.of("Y", "2")),
                "postgresql",
                        Map.of(
                                "use_pg_rewind",
                                true,
                                "parameters",
                                Map.of("pg_stat_statements.max", 200),
                                "pg_hba",
                                List.of("one", "two"))));

        assertThat(diff.restart()).isEmpty();
        assertThat(diff.bootstrap()).isEmpty();
        assertThat(diff.now())
                .containsExactlyInAnyOrder(
                        "tags.nofailover",
                        "tags.rack",
                        "tags.clonefrom",
                        "log.level",
                        "log.loggers.a.b",
                        "restapi.http_extra_headers.Y",
                        "postgresql.use_pg_rewind",
                        "postgresql.parameters.pg_stat_statements.max",
                        "postgresql.pg_hba");
        assertThat(diff.merged().at(List.of("postgresql", "parameters", "pg_stat_statements.max")))
                .contains(200);
    }

    @Test
    void whatCannotWaitsAndTheOldValueStaysInForce() {
        ConfigDiff diff = diff(Map.of(
                "scope", "other",
                "mystore", Map.of("url", "x"),
                "bootstrap", Map.of("dcs", Map.of("ttl", 60)),
                "postgresql", Map.of("listen", "b:2", "bin_dir", "/x", "parameters", Map.of("work_mem", "8MB"))));

        assertThat(diff.restart())
                .containsExactlyInAnyOrder("scope", "mystore.url", "postgresql.listen", "postgresql.bin_dir");
        assertThat(diff.bootstrap()).containsExactly("bootstrap.dcs.ttl");
        assertThat(diff.now()).containsExactly("postgresql.parameters.work_mem");
        Document merged = diff.merged();
        assertThat(merged.at(List.of("scope"))).contains("main");
        assertThat(merged.at(List.of("postgresql", "listen"))).contains("a:2");
        assertThat(merged.at(List.of("postgresql", "bin_dir"))).isEmpty();
        assertThat(merged.at(List.of("postgresql", "parameters", "work_mem"))).contains("8MB");
        // The next reading finds them still waiting.
        assertThat(ConfigDiff.between(merged, Document.of(RUNNING, "new").with(Map.of("scope", "other"), "new"))
                        .restart())
                .containsExactly("scope");
    }

    @Test
    void aKeyTakenAwayIsAChangeToo() {
        ConfigDiff diff = ConfigDiff.between(
                Document.of(RUNNING, "old"),
                Document.of(RUNNING, "new").without(List.of("tags", "rack")).without(List.of("postgresql", "listen")));

        assertThat(diff.now()).containsExactly("tags.rack");
        assertThat(diff.restart()).containsExactly("postgresql.listen");
        assertThat(diff.merged().at(List.of("postgresql", "listen"))).contains("a:2");
        assertThat(diff.merged().at(List.of("tags", "rack"))).isEmpty();
    }

    @Test
    void whatNothingHereActsOnNeedsNoRestartAndIsNotInForceEither() {
        ConfigDiff diff = diff(Map.of("thread_pool_size", 9, "watchdog", Map.of("device", "/dev/x")));

        assertThat(diff.idle()).containsExactlyInAnyOrder("thread_pool_size", "watchdog.device");
        assertThat(diff.restart()).isEmpty();
        assertThat(diff.now()).isEmpty();
        assertThat(diff.isEmpty()).isFalse();
        // Said once: the next reading of the same file finds no change.
        assertThat(ConfigDiff.between(diff.merged(), diff.merged()).isEmpty()).isTrue();
        assertThat(diff.merged().at(List.of("thread_pool_size"))).contains(9);
    }
}
