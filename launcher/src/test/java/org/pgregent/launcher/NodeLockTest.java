package org.pgregent.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeLockTest {

    /** A lock is between processes, so another one has to try. */
    public static final class Other {
        public static void main(String[] args) {
            try (NodeLock lock = NodeLock.take(Path.of(args[0]))) {
                System.exit(lock == null ? 2 : 0);
            } catch (ConfigException e) {
                System.exit(e.getMessage().contains("regent.state_dir") ? 1 : 2);
            }
        }
    }

    private static int other(Path folder) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Other.class.getName(),
                        folder.toString())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    @Test
    void aSecondAgentIsRefusedWhileTheFirstRunsAndLetInAfterwards(@TempDir Path folder) throws Exception {
        Path state = folder.resolve("state");
        try (NodeLock lock = NodeLock.take(state)) {
            assertThat(lock).isNotNull();
            assertThat(other(state)).isEqualTo(1);
        }
        assertThat(other(state)).isZero();
    }
}
