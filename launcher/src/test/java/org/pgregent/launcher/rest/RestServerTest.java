package org.pgregent.launcher.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgregent.core.agent.LocalNode;
import org.pgregent.core.agent.StatusBoard;
import org.pgregent.core.cluster.ClusterLayout;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.PeerAnswers.PeerAnswer;
import org.pgregent.core.model.Tags;
import org.pgregent.core.port.Clock;
import org.pgregent.core.port.Peers;
import org.pgregent.core.port.Postgres;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.testkit.MemoryDcs;
import org.pgregent.dcs.testkit.MemoryStore;
import org.pgregent.launcher.Address;
import org.pgregent.launcher.Json;
import org.pgregent.launcher.RestConfig;

/** Requests that change something, over real HTTP and a store in memory. */
class RestServerTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(1);
    private static final String START =
            "{\"loop_wait\": 1, \"maximum_lag_on_failover\": 1048576, \"postgresql\": {\"parameters\": {\"max_connections\": 50,"
                    + " \"wal_keep_size\": \"64MB\"}, \"use_pg_rewind\": true}, \"retry_timeout\": 3, \"ttl\": 20}";

    private final ClusterLayout layout = new ClusterLayout("/service/bench");
    private final MemoryDcs dcs = new MemoryDcs(new MemoryStore(System::nanoTime));
    private final AtomicInteger wakes = new AtomicInteger();
    private final HttpClient http = HttpClient.newHttpClient();
    private Optional<RestServer> server = Optional.empty();

    private static final class SystemClock implements Clock {
        @Override
        public long monotonicNanos() {
            return System.nanoTime();
        }

        @Override
        public Instant wall() {
            return Instant.now();
        }
    }

    @BeforeEach
    void aClusterIsInTheStore() throws IOException, DcsException {
        for (Map.Entry<String, Object> key : Json.object(Captured.text("01-three-nodes-store.json"))
                .orElseThrow()
                .entrySet()) {
            store(key.getKey(), key.getValue().toString());
        }
        store(layout.config(), START);
    }

    @AfterEach
    void close() {
        server.ifPresent(RestServer::close);
    }

    private void store(String key, String value) throws DcsException {
        dcs.put(key, value.getBytes(StandardCharsets.UTF_8), Expect.anything(), Optional.empty(), TIMEOUT);
    }

    private String stored(String key) throws DcsException {
        return dcs.readAll(layout.base(), TIMEOUT)
                .get(key)
                .map(entry -> entry.text())
                .orElse("");
    }

    /** @param dcs what the requests that change something see of the store */
    private int start(String host, Optional<String> credentials, boolean allowAll, Dcs dcs) throws IOException {
        LocalNode local = new LocalNode(
                "bench",
                new NodeName("n0"),
                layout.base(),
                "postgres://127.0.0.1:5432/postgres",
                "http://127.0.0.1:8008/patroni",
                Tags.NONE,
                Optional.empty(),
                Optional.empty(),
                Duration.ofSeconds(20));
        Postgres nobodyLooks = (Postgres) Proxy.newProxyInstance(
                Postgres.class.getClassLoader(), new Class<?>[] {Postgres.class}, (proxy, method, arguments) -> {
                    throw new IllegalStateException(method.getName());
                });
        Peers peers = (asked, timeout, done) -> done.accept(
                asked.stream().map(peer -> PeerAnswer.unreachable(peer.name())).toList());
        Clock clock = new SystemClock();
        Address address = new Address(host, 0);
        RestConfig config = new RestConfig(address, address, credentials, Map.of("X-Own", "yes"), 5, 5, allowAll);
        RestServer started = RestServer.start(
                config,
                new RestApi(
                        local,
                        new StatusBoard(),
                        this.dcs,
                        nobodyLooks,
                        clock,
                        HandoverApi.over(
                                new StoreDesk(dcs, layout, peers, clock, wakes::incrementAndGet), local.shortestTtl()),
                        new ConfigApi(dcs, layout, local.shortestTtl(), wakes::incrementAndGet),
                        config));
        server = Optional.of(started);
        return started.port();
    }

    private int start() throws IOException {
        return start("127.0.0.1", Optional.empty(), false, dcs);
    }

    private HttpResponse<String> send(String host, int port, String request, String body, String... headers)
            throws IOException, InterruptedException {
        String[] words = request.split(" ");
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create("http://" + host + ":" + port + words[1]))
                .timeout(Duration.ofSeconds(60))
                .method(words[0], body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (headers.length > 0) {
            builder.headers(headers);
        }
        return http.send(builder.build(), BodyHandlers.ofString());
    }

    private String answer(int port, String request, String body) throws IOException, InterruptedException {
        HttpResponse<String> response = send("127.0.0.1", port, request, body);
        return response.statusCode() + " " + response.body();
    }

    private int status(int port, String request, String body) throws IOException, InterruptedException {
        return send("127.0.0.1", port, request, body).statusCode();
    }

    private static List<Map<?, ?>> captured(String file) throws IOException {
        return ((List<?>) Json.object(Captured.text(file)).orElseThrow().get("replies"))
                .stream().<Map<?, ?>>map(reply -> (Map<?, ?>) reply).toList();
    }

    @Test
    void theConfigurationIsPatchedAsCaptured() throws Exception {
        int port = start();
        int expectedWakes = 0;
        for (Map<?, ?> reply : captured("replies-config.json")) {
            String request = reply.get("request").toString();
            HttpResponse<String> response =
                    send("127.0.0.1", port, "PATCH /config", request.substring(request.indexOf('{')));
            assertThat(response.statusCode()).as(request).isEqualTo(reply.get("status"));
            assertThat(response.body()).as(request).isEqualTo(reply.get("body"));
            assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
            assertThat(response.headers().firstValue("X-Own")).hasValue("yes");
            assertThat(Json.object(stored(layout.config()))).isEqualTo(Json.object(response.body()));
            assertThat(answer(port, "GET /config", "")).isEqualTo("200 " + response.body());
            assertThat(wakes).as(request).hasValue(++expectedWakes);
        }
        assertThat(expectedWakes).isEqualTo(9);
    }

    @Test
    void theConfigurationIsReplaced() throws Exception {
        int port = start();
        assertThat(answer(port, "PUT /config", "{\"ttl\":25,\"own\":null}"))
                .isEqualTo("200 {\"ttl\": 25, \"own\": null}");
        assertThat(Json.object(stored(layout.config())).orElseThrow()).containsEntry("ttl", 25);
        assertThat(wakes).hasValue(0);
        dcs.delete(layout.config(), Expect.anything(), TIMEOUT);
        assertThat(status(port, "GET /config", "")).isEqualTo(502);
        assertThat(status(port, "PATCH /config", "{\"ttl\": 20}")).isEqualTo(503);
        assertThat(answer(port, "PUT /config", "{\"ttl\": 20}")).isEqualTo("200 {\"ttl\": 20}");
        assertThat(answer(port, "GET /config", "")).isEqualTo("200 {\"ttl\": 20}");
    }

    @Test
    void whatSomebodyElseChangedMeanwhileStays() throws Exception {
        Dcs rival = beforeWriting(() -> store(layout.config(), "{\"ttl\": 40}"));
        assertThat(status(start("127.0.0.1", Optional.empty(), false, rival), "PATCH /config", "{\"ttl\": 50}"))
                .isEqualTo(409);
        assertThat(stored(layout.config())).isEqualTo("{\"ttl\": 40}");
    }

    @Test
    void aStoreThatFailsIsSaidSo() throws Exception {
        Dcs gone = beforeWriting(() -> {
            throw new DcsUnavailableException("gone");
        });
        int port = start("127.0.0.1", Optional.empty(), false, gone);
        assertThat(status(port, "PATCH /config", "{\"ttl\": 50}")).isEqualTo(503);
        assertThat(status(port, "PUT /config", "{\"ttl\": 50}")).isEqualTo(502);
        assertThat(answer(port, "POST /switchover", "{\"leader\": \"n0\", \"scheduled_at\": \"2037-01-01T00:00Z\"}"))
                .isEqualTo("503 failed to write failover key into DCS");
    }

    /** What happens before each write. */
    private interface Meanwhile {
        void happens() throws DcsException;
    }

    private Dcs beforeWriting(Meanwhile meanwhile) {
        return (Dcs) Proxy.newProxyInstance(
                Dcs.class.getClassLoader(), new Class<?>[] {Dcs.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("put")) {
                        meanwhile.happens();
                    }
                    return method.invoke(dcs, arguments);
                });
    }

    /** Those that need nobody's answer, and those for which nobody answers. */
    @Test
    void handOversAreRefusedAsCaptured() throws Exception {
        int port = start();
        int compared = 0;
        for (Map<?, ?> reply : captured("replies-switchover.json")) {
            String request = reply.get("request").toString();
            if (reply.get("status").equals(200) && request.startsWith("POST")) {
                continue;
            }
            int brace = request.indexOf('{');
            String[] words = request.split(" ", 3);
            HttpResponse<String> response =
                    send("127.0.0.1", port, words[0] + " " + words[1], brace < 0 ? "" : request.substring(brace));
            // The client sends Content-Length: 0 with a POST that has no body; withoutALength has the other case.
            if (reply.get("status").equals(411)) {
                assertThat(response.statusCode()).isEqualTo(400);
                continue;
            }
            assertThat(response.statusCode() + " " + response.body())
                    .as(request)
                    .isEqualTo(reply.get("status") + " " + reply.get("body"));
            compared++;
        }
        assertThat(compared).isGreaterThanOrEqualTo(11);
        assertThat(answer(port, "POST /switchover", "{\"leader\": \"n0\", \"candidate\": \"n1\"}"))
                .isEqualTo("412 switchover is not possible: no good candidates have been found");
        assertThat(answer(port, "POST /failover", "{\"candidate\": \"n1\"}"))
                .isEqualTo("412 failover is not possible: no good candidates have been found");
    }

    @Test
    void aBodyMustBeAnObjectAndNotTooLong() throws Exception {
        int port = start();
        for (String request : List.of("PATCH /config", "PUT /config", "POST /switchover", "POST /failover")) {
            for (String body :
                    List.of("{}", "[]", "[{}]", "null", "5", "\"x\"", "not json", "{\"ttl\":", "{\"a\":NaN}")) {
                assertThat(status(port, request, body)).as(request + body).isEqualTo(400);
            }
            assertThat(status(port, request, "{\"a\": \"" + "x".repeat(70_000) + "\"}"))
                    .as(request)
                    .isEqualTo(413);
            assertThat(withoutALength(port, request)).as(request).startsWith("HTTP/1.1 411 ");
        }
        assertThat(stored(layout.config())).isEqualTo(START);
        assertThat(stored(layout.failover())).isEmpty();
        assertThat(wakes).hasValue(0);
    }

    private static String withoutALength(int port, String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream()
                    .write((request + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String[] basic(String userAndPassword) {
        return new String[] {
            "Authorization",
            "Basic " + Base64.getEncoder().encodeToString(userAndPassword.getBytes(StandardCharsets.UTF_8))
        };
    }

    @Test
    void withAPasswordConfiguredOnlyWhoeverGivesItChangesTheConfiguration() throws Exception {
        int port = start("127.0.0.1", Optional.of("admin:geheim"), true, dcs);
        for (String request : List.of("PATCH /config", "PUT /config", "POST /switchover", "POST /failover")) {
            HttpResponse<String> none = send("127.0.0.1", port, request, "{\"ttl\": 40}");
            assertThat(none.statusCode() + " " + none.body()).isEqualTo("401 no auth header received");
            assertThat(none.headers().firstValue("WWW-Authenticate")).hasValue("Basic realm=\"Patroni\"");
            HttpResponse<String> wrong = send("127.0.0.1", port, request, "{\"ttl\": 40}", basic("admin:x"));
            assertThat(wrong.statusCode() + " " + wrong.body()).isEqualTo("401 not authenticated");
        }
        assertThat(stored(layout.config())).isEqualTo(START);
        assertThat(send("127.0.0.1", port, "GET /config", "").statusCode()).isEqualTo(200);
        assertThat(send("127.0.0.1", port, "PATCH /config", "{\"ttl\": 40}", basic("admin:geheim"))
                        .statusCode())
                .isEqualTo(200);
        assertThat(stored(layout.config())).contains("40");
    }

    /** From an address that is neither of this host's loopback nor a member's; what it says of itself does not count. */
    @Test
    void aStrangerChangesNothingAndMayLook() throws Exception {
        Optional<String> own = ownAddress();
        assumeThat(own).as("an address of this machine that is not loopback").isPresent();
        int port = start("0.0.0.0", Optional.empty(), false, dcs);
        String[] lies = {"X-Forwarded-For", "127.0.0.1", "Forwarded", "for=127.0.0.1", "X-Real-IP", "::1"};
        for (String request :
                List.of("PATCH /config", "PUT /config", "POST /switchover", "POST /failover", "DELETE /switchover")) {
            for (String[] headers : List.of(new String[0], lies, basic("a:b"))) {
                HttpResponse<String> response =
                        send(own.get(), port, request, "{\"leader\": \"n0\", \"ttl\": 40}", headers);
                assertThat(response.statusCode() + " " + response.body())
                        .as(request)
                        .isEqualTo("403 Access is denied");
            }
        }
        assertThat(stored(layout.config())).isEqualTo(START);
        assertThat(stored(layout.failover())).isEmpty();
        assertThat(send(own.get(), port, "GET /config", "").body()).isEqualTo(START);
        assertThat(answer(port, "PATCH /config", "{\"ttl\": 40}")).startsWith("200 ");
    }

    private static Optional<String> ownAddress() throws IOException {
        return Collections.list(NetworkInterface.getNetworkInterfaces()).stream()
                .flatMap(each -> Collections.list(each.getInetAddresses()).stream())
                .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
                .map(InetAddress::getHostAddress)
                .findFirst();
    }
}
