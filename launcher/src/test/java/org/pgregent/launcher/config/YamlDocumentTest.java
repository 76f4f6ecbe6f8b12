package org.pgregent.launcher.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class YamlDocumentTest {

    @Test
    void plainDocuments() throws YamlDocument.Malformed {
        assertThat(YamlDocument.read("a: 1\nb: [x, 1.5, true, null]\nc: {d: on}\n"))
                .isEqualTo(Map.of("a", 1, "b", Arrays.asList("x", 1.5, true, null), "c", Map.of("d", true)));
        assertThat(YamlDocument.read("")).isNull();
        assertThat(YamlDocument.read("# nothing\n")).isNull();
        assertThat(YamlDocument.read("7")).isEqualTo(7);
    }

    @Test
    void anchorsAliasesAndMergeKeys() throws YamlDocument.Malformed {
        assertThat(YamlDocument.read("""
                x: &login {username: u, password: p}
                superuser: *login
                rewind: {<<: *login, username: w}
                both: {<<: [{a: 1}, {a: 2, b: 3}], c: 4}
                lines: &l [a]
                again: *l
                """))
                .isEqualTo(Map.of(
                        "x", Map.of("username", "u", "password", "p"),
                        "superuser", Map.of("username", "u", "password", "p"),
                        "rewind", Map.of("username", "w", "password", "p"),
                        "both", Map.of("a", 1, "b", 3, "c", 4),
                        "lines", List.of("a"),
                        "again", List.of("a")));
    }

    @Test
    void whatCannotBeUsedIsToldWithoutTheText() {
        for (String text : List.of(
                "a: *s3cret",
                // The parser does not tell anchors of single values.
                "a: &b s3cret\nc: *b",
                "a: 1\n---\nb: s3cret",
                "a: {<<: s3cret}",
                "a: [s3cret",
                "a: 's3cret",
                "\ta: s3cret",
                "[".repeat(2000),
                "a: ".repeat(3) + "s3cret",
                "? ? ? s3cret : [\u0007]")) {
            assertThatThrownBy(() -> YamlDocument.read(text))
                    .isInstanceOf(YamlDocument.Malformed.class)
                    .message()
                    .doesNotContain("s3cret")
                    .contains("line ");
        }
    }

    @Test
    void fewLinesDoNotMakeBillions() {
        StringBuilder text = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 12; i++) {
            text.append("a%d: &a%d [".formatted(i, i));
            text.append(("*a" + (i - 1) + ", ").repeat(10)).append("]\n");
        }
        assertThatThrownBy(() -> YamlDocument.read(text.toString())).hasMessageContaining("more than 100000 values");
    }
}
