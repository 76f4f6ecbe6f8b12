package org.pgregent.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgregent.launcher.config.Document;

class ReloadTest {

    private static final Document START = Document.of(
            Map.of(
                    "scope",
                    "main",
                    "name",
                    "n1",
                    "restapi",
                    Map.of("listen", "a:1"),
                    "zookeeper",
                    Map.of("hosts", List.of("z:1")),
                    "postgresql",
                    Map.of(
                            "listen",
                            "a:2",
                            "data_dir",
                            "/x/y",
                            "authentication",
                            Map.of("superuser", Map.of("username", "u"), "replication", Map.of("username", "r")))),
            "start");

    private final List<LauncherConfig> taken = new ArrayList<>();
    private final ProviderCatalog catalog = ProviderCatalog.of(List.of(new StubProvider("zookeeper")));
    private Document file = START;
    private final Reload reload = new Reload(() -> file, catalog, LauncherConfig.parse(START, catalog), taken::add);

    ReloadTest() throws ConfigException {}

    @Test
    void handsOnWhatCanChangeAndKeepsTheRest() {
        file = START.with(
                Map.of(
                        "tags", Map.of("rack", 7),
                        "scope", "other",
                        "postgresql", Map.of("use_pg_rewind", true, "parameters", Map.of("work_mem", "8MB"))),
                "file");
        reload.run();

        assertThat(taken).singleElement().satisfies(config -> {
            assertThat(config.scope()).isEqualTo("main");
            assertThat(config.tags().all()).containsEntry("rack", 7);
            assertThat(config.postgres().parameters()).containsEntry("work_mem", "8MB");
            assertThat(config.postgresql()).isEqualTo(Map.of("use_pg_rewind", true));
        });
    }

    @Test
    void aBrokenOneIsRefusedAsAWhole() {
        file = START.with(Map.of("tags", Map.of("rack", 7), "postgresql", Map.of("listen", "10.0.0.1:port")), "file");
        reload.run();
        assertThat(taken).isEmpty();

        file = START.with(Map.of("tags", Map.of("rack", 8)), "file");
        reload.run();
        assertThat(taken)
                .singleElement()
                .satisfies(config -> assertThat(config.tags().all()).containsEntry("rack", 8));
    }
}
