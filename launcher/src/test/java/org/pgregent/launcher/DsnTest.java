package org.pgregent.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DsnTest {

    @Test
    void wordsAndUrlsAndVariables() throws ConfigException {
        assertThat(Dsn.parse("host=a port = 1 user='b c' password=p dbname=d", Map.of()))
                .isEqualTo(new Dsn("a", 1, "b c", Optional.of("p"), "d"));
        assertThat(Dsn.parse("postgres://u:p%40@h:7/d", Map.of()))
                .isEqualTo(new Dsn("h", 7, "u", Optional.of("p@"), "d"));
        assertThat(Dsn.parse("", Map.of("PGHOST", "h", "PGPORT", "9", "PGUSER", "u", "PGPASSWORD", "p")))
                .isEqualTo(new Dsn("h", 9, "u", Optional.of("p"), "postgres"));
    }

    @Test
    void nonsenseIsRefusedWithoutThePassword() {
        assertThatThrownBy(() -> Dsn.parse("postgres://u:s3cret@ h", Map.of()))
                .isInstanceOf(ConfigException.class)
                .message()
                .doesNotContain("s3cret");
        assertThatThrownBy(() -> Dsn.parse("what s3cret", Map.of()))
                .isInstanceOf(ConfigException.class)
                .message()
                .doesNotContain("s3cret");
        assertThatThrownBy(() -> Dsn.parse("host=/run/postgresql", Map.of())).hasMessageContaining("host=localhost");
    }
}
