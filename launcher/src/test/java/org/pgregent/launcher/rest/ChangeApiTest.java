package org.pgregent.launcher.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgregent.core.cluster.ClusterLayout;
import org.pgregent.core.model.FailoverRequest;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.testkit.MemoryDcs;
import org.pgregent.dcs.testkit.MemoryStore;
import org.pgregent.launcher.Json;
import org.pgregent.launcher.rest.RestApi.Reply;

/** Who may change something, and what of a request is refused before it is looked into. */
class ChangeApiTest {

    private static final String BODY = "{\"leader\": \"n0\", \"candidate\": \"n1\"}";
    private final ClusterLayout layout = new ClusterLayout(FakeDesk.BASE);
    private final Dcs dcs = new MemoryDcs(new MemoryStore(System::nanoTime));
    private FakeDesk desk;

    @BeforeEach
    void threeNodesOfWhichTwoAnswer() throws IOException {
        desk = new FakeDesk("01-three-nodes-store.json");
        desk.answers("n1", Map.of(), false);
        desk.course = second -> desk.set("leader", "n1");
    }

    private ChangeApi api(Optional<String> credentials, boolean allowAll) {
        return new ChangeApi(
                new Access(desk::read, credentials, allowAll),
                new HandoverApi(desk, Duration.ofSeconds(20)),
                new ConfigApi(dcs, layout, Duration.ofSeconds(20), () -> {}));
    }

    private static InetAddress address(String text) throws IOException {
        return InetAddress.getByName(text);
    }

    private static Optional<String> basic(String userAndPassword) {
        return Optional.of(
                "Basic " + Base64.getEncoder().encodeToString(userAndPassword.getBytes(StandardCharsets.UTF_8)));
    }

    private static String post(ChangeApi api, String from, Optional<String> authorization)
            throws IOException, InterruptedException {
        Reply reply = api.change("POST", "/switchover", address(from), authorization, () -> Optional.of(BODY));
        return reply.status() + " " + reply.body();
    }

    @Test
    void withoutAPasswordConfiguredThisHostAndTheMembersMay() throws IOException, InterruptedException {
        ChangeApi api = api(Optional.empty(), false);
        desk.set("members/n9", "{\"api_url\": \"http://192.0.2.9:8008/patroni\"}");

        assertThat(post(api, "192.0.2.1", Optional.empty())).isEqualTo("403 Access is denied");
        assertThat(desk.failover()).isEmpty();
        assertThat(post(api, "192.0.2.9", Optional.empty())).startsWith("200 ");
        desk.set("leader", "n0");
        assertThat(post(api, "127.0.0.1", Optional.empty())).startsWith("200 ");
        desk.set("leader", "n0");
        assertThat(post(api, "::1", Optional.empty())).startsWith("200 ");
    }

    @Test
    void everybodyMayWhereThatIsWanted() throws IOException, InterruptedException {
        assertThat(post(api(Optional.empty(), true), "192.0.2.1", Optional.empty()))
                .startsWith("200 ");
    }

    @Test
    void withAPasswordConfiguredOnlyWhoeverGivesIt() throws IOException, InterruptedException {
        ChangeApi api = api(Optional.of("admin:gehe:im"), true);

        assertThat(post(api, "127.0.0.1", Optional.empty())).isEqualTo("401 no auth header received");
        assertThat(post(api, "127.0.0.1", Optional.of("Bearer x"))).isEqualTo("401 no auth header received");
        for (Optional<String> wrong :
                List.of(basic("admin:"), basic("admin:gehe:in"), basic(""), Optional.of("Basic ?"))) {
            assertThat(post(api, "127.0.0.1", wrong)).isEqualTo("401 not authenticated");
        }
        assertThat(desk.failover()).isEmpty();
        assertThat(post(api, "192.0.2.1", basic("admin:gehe:im"))).startsWith("200 ");
    }

    @Test
    void aRequestMustHaveABodyThatIsAnObject() throws IOException, InterruptedException {
        ChangeApi api = api(Optional.empty(), false);
        for (String path : List.of("/switchover", "/failover")) {
            assertThat(api.change("POST", path, address("::1"), Optional.empty(), Optional::empty)
                            .status())
                    .isEqualTo(411);
            for (String body : List.of("", "{}", "[]", "5", "null", "not json", "{\"leader\":")) {
                assertThat(api.change("POST", path, address("::1"), Optional.empty(), () -> Optional.of(body))
                                .status())
                        .as(body)
                        .isEqualTo(400);
            }
        }
        assertThat(desk.failover()).isEmpty();
    }

    /** What one request that may change something is, and what must be as before if it was refused. */
    @Test
    void whoeverMayNotChangesNothing() throws Exception {
        byte[] before = "{\"ttl\": 30}".getBytes(StandardCharsets.UTF_8);
        dcs.put(layout.config(), before, Expect.anything(), Optional.empty(), Duration.ofSeconds(1));
        desk.order(new FailoverRequest(Optional.of("n0"), Optional.empty(), Optional.of("2037-01-01T00:00:00+00:00")));
        String ordered = desk.failover();
        AtomicInteger read = new AtomicInteger();
        ChangeApi.Body body = () -> {
            read.incrementAndGet();
            return Optional.of("{\"leader\": \"n0\", \"candidate\": \"n1\", \"ttl\": 40}");
        };
        for (String method : List.of("POST", "PUT", "PATCH", "DELETE")) {
            for (String path : List.of("/config", "/config/", "/config/x", "/switchover", "/failover", "/restart")) {
                int far = api(Optional.empty(), false)
                        .change(method, path, address("192.0.2.1"), Optional.empty(), body)
                        .status();
                int wrong = api(Optional.of("admin:geheim"), true)
                        .change(method, path, address("127.0.0.1"), basic("admin:x"), body)
                        .status();
                assertThat(far).as(method + path).isIn(403, 501);
                assertThat(wrong).as(method + path).isIn(401, 501);
            }
        }
        assertThat(read).hasValue(0);
        assertThat(desk.failover()).isEqualTo(ordered);
        assertThat(dcs.readAll(layout.base(), Duration.ofSeconds(1))
                        .get(layout.config())
                        .orElseThrow()
                        .value())
                .isEqualTo(before);
    }

    /** As captured; the pages of the HTTP server itself differ. */
    @Test
    void withoutABodyAsCaptured() throws IOException, InterruptedException {
        ChangeApi api = api(Optional.empty(), false);
        int compared = 0;
        for (Object each : (List<?>) Json.object(Captured.text("replies-switchover.json"))
                .orElseThrow()
                .get("replies")) {
            Map<?, ?> reply = (Map<?, ?>) each;
            String request = reply.get("request").toString();
            if (!request.startsWith("POST") || request.contains("{")) {
                continue;
            }
            String path = request.split(" ", 3)[1];
            Reply given = api.change("POST", path, address("::1"), Optional.empty(), Optional::empty);
            assertThat(given.status()).as(request).isEqualTo(reply.get("status"));
            compared++;
        }
        assertThat(compared).isEqualTo(2);
    }

    @Test
    void whatIsNotThereYetSaysSoToEverybody() throws IOException, InterruptedException {
        ChangeApi api = api(Optional.empty(), false);
        for (String path :
                List.of("/restart", "/reload", "/", "/switchover/../x", "nonsense", "//config", "/%63onfig")) {
            Reply reply = api.change("PATCH", path, address("192.0.2.1"), Optional.empty(), Optional::empty);
            assertThat(reply.status()).as(path).isEqualTo(501);
        }
    }

    @Test
    void aScheduledOneIsTakenBackWithoutABody() throws IOException, InterruptedException {
        ChangeApi api = api(Optional.empty(), false);
        Reply none = api.change("DELETE", "/switchover", address("::1"), Optional.empty(), Optional::empty);
        assertThat(none.status() + " " + none.body()).isEqualTo("404 no switchover is scheduled");
        assertThat(api.change("DELETE", "/switchover", address("192.0.2.1"), Optional.empty(), Optional::empty)
                        .status())
                .isEqualTo(403);
    }
}
