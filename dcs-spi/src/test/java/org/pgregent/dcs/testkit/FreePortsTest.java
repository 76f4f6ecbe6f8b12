package org.pgregent.dcs.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FreePortsTest {

    /** So many that two processes which did not know of each other would have some in common. */
    private static final int MANY = 700;

    /** Another process of tests: takes its ports and lives until its input ends. */
    static final class Other {
        private Other() {}

        public static void main(String[] arguments) throws IOException {
            System.out.println(FreePorts.take(MANY));
            System.in.read();
        }
    }

    @Test
    void noPortIsGivenOutTwice() throws IOException {
        assertThat(FreePorts.take(MANY)).doesNotHaveDuplicates().doesNotContainAnyElementsOf(FreePorts.take(MANY));
    }

    @Test
    void twoProcessesNeverGetTheSamePort() throws Exception {
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Other.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader output = other.inputReader(StandardCharsets.UTF_8)) {
            String line = output.readLine();
            assertThat(line).startsWith("[").endsWith("]");
            List<Integer> theirs = Arrays.stream(
                            line.substring(1, line.length() - 1).split(", "))
                    .map(Integer::valueOf)
                    .toList();
            assertThat(theirs).hasSize(MANY);
            assertThat(FreePorts.take(MANY)).doesNotContainAnyElementsOf(theirs);
        } finally {
            other.destroyForcibly().waitFor();
        }
    }
}
