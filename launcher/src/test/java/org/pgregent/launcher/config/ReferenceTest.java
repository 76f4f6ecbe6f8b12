package org.pgregent.launcher.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The reference of the configuration is written by the schema. After a change to it run {@code bin/write-reference}, which is
 * this with {@code -Drewrite=true}, and commit the difference.
 */
class ReferenceTest {

    private static final Path FILE = Path.of("..", "docs", "configuration.md");

    @Test
    void theReferenceIsUpToDate() throws IOException {
        String now = Reference.markdown();
        if (Boolean.getBoolean("rewrite")) {
            Files.writeString(FILE, now);
        }
        // The lines that differ alone: the whole of both would fill the screen.
        List<String> written = Files.readAllLines(FILE);
        List<String> wanted = now.lines().toList();
        assertThat(wanted.stream().filter(line -> !written.contains(line)))
                .as("docs/configuration.md is stale: run bin/write-reference and commit the difference")
                .isEmpty();
        assertThat(written).hasSameSizeAs(wanted).containsExactlyElementsOf(wanted);
    }
}
