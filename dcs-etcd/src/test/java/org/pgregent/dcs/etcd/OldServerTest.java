package org.pgregent.dcs.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.testkit.FreePorts;

/** What listens at the address given, but is no etcd of today. */
class OldServerTest {

    private static HttpServer http(String path, String answer) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            boolean there = exchange.getRequestURI().getPath().equals(path);
            byte[] body = (there ? answer : "no such page").getBytes(java.nio.charset.StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(there ? 200 : 404, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        return server;
    }

    private static Map<String, Object> section(int port) {
        return Map.of("host", "127.0.0.1:" + port);
    }

    @Test
    void aServerOfTheOldApiIsRefusedWithARemedy() throws Exception {
        HttpServer old = http("/v2/machines", "http://127.0.0.1:2379");
        try (Dcs dcs = Connected.to(section(old.getAddress().getPort()))) {
            assertThat(Connected.refusal(dcs))
                    .hasMessageContainingAll("etcd3.host", "127.0.0.1:", "v2", "upgrade etcd to 3.4");
        } finally {
            old.stop(0);
        }
    }

    @Test
    void anotherServerIsNoReasonToGiveUp() throws Exception {
        HttpServer other = http("/", "hello");
        try (Dcs dcs = Connected.to(section(other.getAddress().getPort()))) {
            assertThatThrownBy(() -> dcs.readAll("/old", Connected.CALL))
                    .isInstanceOf(DcsUnavailableException.class)
                    .hasMessageContainingAll("etcd3.host", "127.0.0.1:");
        } finally {
            other.stop(0);
        }
    }

    @Test
    void nobodyThereIsUnavailable() throws Exception {
        int free = FreePorts.take();
        try (Dcs dcs = Connected.to(section(free))) {
            assertThatThrownBy(() -> dcs.readAll("/old", Connected.CALL))
                    .isInstanceOf(DcsUnavailableException.class)
                    .hasMessageContainingAll("etcd3.host", "127.0.0.1:" + free, "refused");
            assertThatThrownBy(() -> Connected.put(dcs, "/old/a", "1", org.pgregent.dcs.spi.Expect.anything()))
                    .as("a write that never left did not happen")
                    .isInstanceOf(DcsUnavailableException.class);
        }
    }

    @Test
    void aNameNobodyHasIsUnavailable() throws Exception {
        try (Dcs dcs = Connected.to(Map.of("hosts", List.of("no-such-host.invalid:2379")))) {
            assertThatThrownBy(() -> dcs.readAll("/old", Connected.CALL))
                    .isInstanceOf(DcsUnavailableException.class)
                    .hasMessageContainingAll("etcd3.hosts", "no-such-host.invalid");
        }
    }

    /** It accepts connections and says nothing: a write was never sent, so it certainly did not happen. */
    @Test
    void aServerThatNeverSpeaksIsUnavailable() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Dcs dcs = Connected.to(section(silent.getLocalPort()))) {
            assertThatThrownBy(() -> dcs.put(
                            "/old/a",
                            new byte[0],
                            org.pgregent.dcs.spi.Expect.anything(),
                            java.util.Optional.empty(),
                            Duration.ofSeconds(1)))
                    .isInstanceOf(DcsUnavailableException.class);
        }
    }
}
