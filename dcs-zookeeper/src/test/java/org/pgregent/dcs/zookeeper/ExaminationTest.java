package org.pgregent.dcs.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.testkit.FreePorts;
import org.pgregent.dcs.testkit.TestCertificates;

/** What an operator is told to change is a key of the configuration there is. */
@Timeout(60)
class ExaminationTest {

    @TempDir
    private java.nio.file.Path folder;

    private String of(Map<String, Object> section) throws DcsRefusedException {
        ZooKeeperSettings settings =
                ZooKeeperSettings.parse("zookeeper", section, EmbeddedSettings.parse("zookeeper", section));
        return new Examination(settings, settings.tls().map(given -> new StoreTls(given, folder, "tls")))
                .get()
                .text();
    }

    private static Map<String, Object> outside(int port) {
        return Map.of("hosts", List.of("127.0.0.1:" + port));
    }

    private static Map<String, Object> embedded(int port, Map<String, Object> more) {
        Map<String, Object> embedded =
                new HashMap<>(Map.of("id", 1, "data_dir", "/data", "servers", Map.of(1, "127.0.0.1:1:2:" + port)));
        embedded.putAll(more);
        return Map.of("embedded", embedded);
    }

    @Test
    void nobodyListens() throws Exception {
        int nobody = FreePorts.take();
        assertThat(of(outside(nobody))).contains("127.0.0.1:" + nobody).endsWith("correct zookeeper.hosts");
        assertThat(of(embedded(nobody, Map.of())))
                .contains("127.0.0.1:" + nobody)
                .endsWith("correct zookeeper.embedded.servers");
    }

    @Test
    void aServerThatHangsUpMayWantTls() throws Exception {
        try (ServerSocket server = hangingUp()) {
            assertThat(of(outside(server.getLocalPort()))).contains("set zookeeper.use_ssl to true");
            assertThat(of(embedded(server.getLocalPort(), Map.of())))
                    .contains("set zookeeper.embedded.cacert, .cert and .key")
                    .doesNotContain("use_ssl");
        }
    }

    @Test
    void aServerThatSpeaksNoTls() throws Exception {
        TestCertificates authority = TestCertificates.in(folder.resolve("ca"));
        TestCertificates.Issued own = authority.issue("own", "IP:127.0.0.1");
        Map<String, Object> files = Map.of(
                "cacert", authority.ca().toString(),
                "cert", own.certificate().toString(),
                "key", own.key().toString());
        try (ServerSocket server = hangingUp()) {
            Map<String, Object> secure = new HashMap<>(outside(server.getLocalPort()));
            secure.putAll(files);
            secure.put("use_ssl", true);
            assertThat(of(secure)).contains("zookeeper.hosts", "zookeeper.use_ssl to false");
            assertThat(of(embedded(server.getLocalPort(), files)))
                    .contains("give its agent zookeeper.embedded.cacert, .cert and .key")
                    .doesNotContain("use_ssl", "zookeeper.hosts");
        }
    }

    @Test
    void oneServerThatMayBeWaitedForGivesHope() throws Exception {
        ZooKeeperSettings settings = ZooKeeperSettings.parse("zookeeper", outside(FreePorts.take()), Optional.empty());
        assertThat(new Examination(settings, Optional.empty()).get().hopeless()).isFalse();
    }

    /** Takes what is said and ends the connection without a word. */
    private static ServerSocket hangingUp() throws IOException {
        ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Thread thread = new Thread(() -> {
            while (!server.isClosed()) {
                try (java.net.Socket client = server.accept()) {
                    client.setSoTimeout(5000);
                    client.getInputStream().read();
                    client.shutdownOutput();
                    client.getInputStream().readAllBytes();
                } catch (IOException next) {
                    // Of one client, or the end of all.
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
        return server;
    }
}
