package org.pgregent.dcs.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.testkit.FreePorts;
import org.pgregent.dcs.testkit.TestCertificates;

/**
 * Whoever takes this store alone has all that TLS needs: ZooKeeper leaves parts of Netty to others, and in the whole program another
 * store's client happens to bring them.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AloneOnTheClassPathIT {

    @Test
    void tlsToServersOutsideAndToEmbeddedOnesNeedsNothingElse(@TempDir Path folder) throws Exception {
        // Written by the build: what this module brings along at run time, nothing of the tests.
        Path target = Path.of("target").toAbsolutePath();
        String libraries = Files.readString(target.resolve("classpath.txt")).strip();
        assertThat(libraries)
                .contains("netty-handler")
                .doesNotContain("jetcd", "grpc-", "consul", "junit", "assertj", "testcontainers", "tests.jar");
        TestCertificates authority = TestCertificates.in(folder.resolve("ca"));
        TestCertificates.Issued own = authority.issue("agent", "IP:127.0.0.1");
        List<Integer> ports = FreePorts.take(3);
        Path log = folder.resolve("alone.log");
        try (ZooKeeperServer server = ZooKeeperServer.of(1)) {
            server.withTls(authority, authority.issue("zk", "IP:127.0.0.1"), "need")
                    .started();
            Process alone = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            libraries + ":" + target.resolve("classes") + ":" + target.resolve("test-classes"),
                            AloneMain.class.getName(),
                            folder.toString(),
                            authority.ca().toString(),
                            own.certificate().toString(),
                            own.key().toString(),
                            server.secureHosts().get(0),
                            "127.0.0.1:%d:%d:%d".formatted(ports.get(0), ports.get(1), ports.get(2)))
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            try {
                assertThat(alone.waitFor(240, TimeUnit.SECONDS))
                        .as(Files.readString(log))
                        .isTrue();
            } finally {
                alone.destroyForcibly();
            }
            assertThat(alone.exitValue()).as(Files.readString(log)).isZero();
            assertThat(log)
                    .content()
                    .contains("outside: written and read", "embedded: written and read")
                    .doesNotContain("NoClassDefFoundError", "ClassNotFoundException");
        }
    }
}
