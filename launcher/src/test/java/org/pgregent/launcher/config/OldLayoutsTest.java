package org.pgregent.launcher.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OldLayoutsTest {

    private static Document replaced(Map<String, Object> values) {
        return OldLayouts.replaced(Document.of(values, "old.yml"));
    }

    @Test
    void nameAndUsersMoveWithTheirOrigin() {
        Document now = replaced(Map.of(
                "postgresql",
                Map.of("name", "n1", "superuser", Map.of("username", "su"), "replication", Map.of("username", "re"))));

        assertThat(now.values())
                .isEqualTo(Map.of(
                        "name",
                        "n1",
                        "postgresql",
                        Map.of(
                                "authentication",
                                Map.of(
                                        "superuser",
                                        Map.of("username", "su"),
                                        "replication",
                                        Map.of("username", "re")))));
        assertThat(now.origin("postgresql.authentication.superuser.username")).contains("old.yml");
    }

    @Test
    void pgRewindMeansThatItIsUsedAndMayBeTheSuperuser() {
        Document now = replaced(Map.of("postgresql", Map.of("pg_rewind", Map.of("username", "su", "password", "p"))));

        assertThat(now.at(List.of("postgresql", "use_pg_rewind"))).contains(true);
        assertThat(now.at(List.of("postgresql", "authentication", "superuser")))
                .contains(Map.of("username", "su", "password", "p"));
        assertThat(now.at(List.of("postgresql", "pg_rewind"))).isEmpty();
    }

    @Test
    void todaysFormWins() {
        Map<String, Object> mixed = Map.of(
                "name",
                "n2",
                "postgresql",
                Map.of("name", "n1", "superuser", Map.of(), "authentication", Map.of("superuser", Map.of())));
        assertThat(replaced(mixed).values()).isEqualTo(mixed);
    }

    @Test
    void exhibitorWasBelowZookeeper() {
        Document now = replaced(Map.of("zookeeper", Map.of("exhibitor", Map.of("port", 8181))));
        assertThat(now.at(List.of("exhibitor", "port"))).contains(8181);
        assertThat(now.at(List.of("zookeeper"))).contains(Map.of());
    }
}
