package org.pgregent.launcher.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * The reference of the configuration is written by the schema. After a change to it run this with {@code -Drewrite=true} and
 * commit the difference.
 */
class ReferenceTest {

    private static final Path FILE = Path.of("..", "docs", "configuration.md");

    @Test
    void theReferenceIsUpToDate() throws IOException {
        String now = Reference.markdown();
        if (Boolean.getBoolean("rewrite")) {
            Files.writeString(FILE, now);
        }
        assertThat(Files.readString(FILE))
                .as("docs/configuration.md is stale: run ReferenceTest with -Drewrite=true and commit it")
                .isEqualTo(now);
    }
}
