package org.pgregent.example.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsProvider;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsUnavailableException;

class PostgresTableProviderTest {

    private static Dcs connect(Map<String, Object> settings) throws DcsException {
        return new PostgresTableProvider()
                .connect(new DcsConfig("postgres_table", settings, "n1", Path.of("/nowhere"), Duration.ofSeconds(30)));
    }

    @Test
    void isFoundByItsName() {
        assertThat(ServiceLoader.load(DcsProvider.class).stream()
                        .map(found -> found.get().name()))
                .contains("postgres_table");
    }

    @Test
    void refusesAUrlOfSomethingElse() {
        assertThatThrownBy(() -> connect(Map.of("url", "http://db")))
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContaining("postgres_table.url")
                .hasMessageContaining("http://db")
                .hasMessageContaining("jdbc:postgresql://host:port/database");
        assertThatThrownBy(() -> connect(Map.of())).isInstanceOf(DcsRefusedException.class);
    }

    @Test
    void refusesAPasswordInTheUrlAndDoesNotShowIt() {
        assertThatThrownBy(() -> connect(Map.of("url", "jdbc:postgresql://db/x?password=hush")))
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContaining("key password")
                .hasMessageNotContaining("hush");
    }

    @Test
    void connectsWithoutAServerAndTheFirstCallTellsThatThereIsNone() throws Exception {
        try (Dcs dcs = connect(Map.of("url", "jdbc:postgresql://127.0.0.1:1/postgres", "user", "nobody"))) {
            assertThatThrownBy(() -> dcs.readAll("/x", Duration.ofSeconds(5)))
                    .isInstanceOf(DcsUnavailableException.class)
                    .hasMessageContaining("postgres_table.url")
                    .hasMessageContaining("127.0.0.1:1");
        }
    }

    @Test
    void refusesALeaseTooShortToBeSafe() throws Exception {
        try (Dcs dcs = connect(Map.of("url", "jdbc:postgresql://127.0.0.1:1/postgres", "user", "nobody"))) {
            assertThatThrownBy(() -> dcs.grant(Duration.ofSeconds(2), Duration.ofSeconds(5)))
                    .isInstanceOf(DcsRefusedException.class)
                    .hasMessageContaining("2000 ms")
                    .hasMessageContaining("raise ttl");
        }
    }
}
