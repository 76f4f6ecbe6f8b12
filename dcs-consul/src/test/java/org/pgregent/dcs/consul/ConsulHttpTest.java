package org.pgregent.dcs.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;

/** What goes over the wire, and what is concluded from each answer; the other side is a stub that says what it is told to. */
@Timeout(60)
class ConsulHttpTest {

    private static final Duration CALL = Duration.ofSeconds(10);
    private static final String TOKEN = "0b5f-very-secret";

    private record Seen(String line, Optional<String> token) {}

    private final List<Seen> seen = new CopyOnWriteArrayList<>();
    private HttpServer stub;
    private Dcs dcs;
    private volatile int status = 200;
    private volatile String body = "[]";

    @BeforeEach
    void start() throws Exception {
        stub = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        stub.createContext("/", this::answer);
        stub.start();
        dcs = new ConsulProvider()
                .connect(new DcsConfig(
                        "consul",
                        Map.of(
                                "host",
                                "127.0.0.1:" + stub.getAddress().getPort(),
                                "token",
                                TOKEN,
                                "dc",
                                "dc1",
                                "register_service",
                                true),
                        "n1",
                        Path.of("/nowhere"),
                        Duration.ofSeconds(30)));
    }

    @AfterEach
    void stop() {
        dcs.close();
        stub.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        seen.add(new Seen(
                exchange.getRequestMethod() + " " + exchange.getRequestURI(),
                Optional.ofNullable(exchange.getRequestHeaders().getFirst("X-Consul-Token"))));
        exchange.getRequestBody().readAllBytes();
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private Throwable failureOf(int status, String body, boolean write) {
        this.status = status;
        this.body = body;
        try {
            if (write) {
                dcs.put("/s/a", new byte[1], Expect.anything(), Optional.empty(), CALL);
            } else {
                dcs.readAll("/s", CALL);
            }
        } catch (DcsException e) {
            assertThat(e.getMessage()).doesNotContain(TOKEN);
            return e;
        }
        return new AssertionError("no failure");
    }

    @Test
    void theTokenIsInAHeaderAndNowhereElse() throws Exception {
        Lease lease = new Lease("11111111-2222", Duration.ofSeconds(2), Duration.ofSeconds(1));
        dcs.readAll("/service/main", CALL);
        body = "{\"ID\":\"x\"}";
        dcs.grant(Duration.ofSeconds(30), CALL);
        body = "{\"Results\":null,\"Errors\":null}";
        dcs.delete("/service/main/a", Expect.anything(), CALL);
        body = "[]";
        assertThat(dcs.renew(lease, CALL)).isFalse();
        body = "true";
        dcs.revoke(lease, CALL);
        dcs.services().orElseThrow().deregister("main/n1", CALL);
        body = "[]";
        dcs.watch(Set.of("/service/main/leader"), () -> {});
        while (seen.stream().noneMatch(request -> request.line.contains("index="))) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        dcs.close();
        assertThat(seen).hasSizeGreaterThanOrEqualTo(7).allSatisfy(request -> {
            assertThat(request.line).doesNotContain(TOKEN).doesNotContain("token");
            assertThat(request.token).contains(TOKEN);
        });
        assertThat(seen.stream().map(Seen::line))
                .contains(
                        "GET /v1/kv/service/main/?recurse&dc=dc1&consistent",
                        "PUT /v1/session/create?dc=dc1",
                        "PUT /v1/txn?dc=dc1",
                        "GET /v1/session/info/11111111-2222?dc=dc1&consistent",
                        "PUT /v1/session/destroy/11111111-2222?dc=dc1",
                        "PUT /v1/agent/service/deregister/main/n1");
    }

    @Test
    void anyKeyArrivesAsItIs() throws Exception {
        dcs.readAll("/service/a b?c#d%20eü", CALL);
        assertThat(seen.get(0).line)
                .isEqualTo("GET /v1/kv/service/a%20b%3Fc%23d%2520e%C3%BC/?recurse&dc=dc1&consistent");
    }

    @Test
    void concludesNoMoreThanTheAnswerSays() {
        assertThat(failureOf(500, "No cluster leader", true)).isInstanceOf(DcsUnavailableException.class);
        assertThat(failureOf(500, "rpc error making call: No cluster leader", true))
                .isInstanceOf(DcsUnavailableException.class);
        assertThat(failureOf(500, "leadership lost while committing log", true))
                .isInstanceOf(DcsIndeterminateException.class);
        assertThat(failureOf(500, "leadership lost; No cluster leader", true))
                .isInstanceOf(DcsIndeterminateException.class);
        assertThat(failureOf(503, "", true)).isInstanceOf(DcsIndeterminateException.class);
        assertThat(failureOf(200, "no json", true)).isInstanceOf(DcsIndeterminateException.class);
        assertThat(failureOf(429, "slow down", true)).isInstanceOf(DcsUnavailableException.class);
        assertThat(failureOf(500, "leadership lost while committing log", false))
                .isInstanceOf(DcsUnavailableException.class);
    }

    @Test
    void aRefusalNamesTheSetting() {
        assertThat(failureOf(403, "Permission denied", true))
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContainingAll("consul.token", "key_prefix", "session_prefix");
        assertThat(failureOf(403, "ACL not found", false))
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContaining("consul.token");
        assertThat(failureOf(
                        409, "{\"Results\":null,\"Errors\":[{\"OpIndex\":0,\"What\":\"Permission denied\"}]}", true))
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContaining("consul.token");
        assertThat(failureOf(500, "No path to datacenter", false))
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContaining("consul.dc");
        assertThat(failureOf(400, "Client sent an HTTP request to an HTTPS server.", false))
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContaining("consul.scheme");
        assertThat(failureOf(413, "Request body too large", true)).isInstanceOf(DcsRefusedException.class);
        assertThat(failureOf(301, "elsewhere", false)).isInstanceOf(DcsRefusedException.class);
    }

    @Test
    void aTtlBelowTheServersMinimumIsRefusedByName() {
        status = 500;
        body = "Invalid Session TTL '5000000000', must be between [10s=24h0m0s]";
        assertThatThrownBy(() -> dcs.grant(Duration.ofSeconds(10), CALL))
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContainingAll("5.0s", "ttl 10.0s", "raise ttl", "session_ttl_min");
    }

    @Test
    void nobodyThereMeansThatNothingHappened() {
        stub.stop(0);
        assertThatThrownBy(() -> dcs.put("/s/a", new byte[1], Expect.anything(), Optional.empty(), CALL))
                .isInstanceOf(DcsUnavailableException.class)
                .hasMessageContaining("127.0.0.1");
    }
}
