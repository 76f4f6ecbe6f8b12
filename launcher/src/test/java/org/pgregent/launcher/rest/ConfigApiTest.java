package org.pgregent.launcher.rest;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.pgregent.core.cluster.ClusterLayout;
import org.pgregent.core.model.Settings;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.testkit.MemoryDcs;
import org.pgregent.dcs.testkit.MemoryStore;
import org.pgregent.launcher.Json;
import org.pgregent.launcher.rest.RestApi.Reply;
import org.slf4j.LoggerFactory;

class ConfigApiTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(1);

    private final ClusterLayout layout = new ClusterLayout("/service/main");
    private final Dcs dcs = new MemoryDcs(new MemoryStore(System::nanoTime));
    private final AtomicInteger wakes = new AtomicInteger();
    private final ConfigApi api = new ConfigApi(dcs, layout, Settings.CONTRACT_SHORTEST_TTL, wakes::incrementAndGet);

    private void store(String text) throws DcsException {
        dcs.put(layout.config(), text.getBytes(StandardCharsets.UTF_8), Expect.anything(), Optional.empty(), TIMEOUT);
    }

    private String stored() throws DcsException {
        return dcs.readAll(layout.base(), TIMEOUT)
                .get(layout.config())
                .map(entry -> entry.text())
                .orElse("");
    }

    private String version() throws DcsException {
        return dcs.readAll(layout.base(), TIMEOUT)
                .get(layout.config())
                .orElseThrow()
                .version()
                .token();
    }

    /** What happens between reading and writing. */
    @FunctionalInterface
    private interface Meanwhile {
        void happens() throws DcsException;
    }

    /** The same store, where something comes before each write. */
    private Dcs before(Meanwhile meanwhile) {
        return (Dcs) Proxy.newProxyInstance(
                Dcs.class.getClassLoader(), new Class<?>[] {Dcs.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("put")) {
                        meanwhile.happens();
                    }
                    return method.invoke(dcs, arguments);
                });
    }

    private static Map<String, Object> removing(String key) {
        Map<String, Object> change = new LinkedHashMap<>();
        change.put(key, null);
        return change;
    }

    @Test
    void aPatchIsWrittenAnsweredWithTheWholeAndWakesTheLoop() throws Exception {
        store("{\"ttl\": 30, \"pause\": true, \"own\": [1]}");
        Map<String, Object> change = removing("pause");
        change.put("loop_wait", 5);

        Reply reply = api.patch(change);

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.body()).isEqualTo("{\"ttl\": 30, \"own\": [1], \"loop_wait\": 5}");
        assertThat(Json.object(stored())).contains(Map.of("ttl", 30, "own", List.of(1), "loop_wait", 5));
        assertThat(wakes).hasValue(1);
    }

    @Test
    void aPatchThatChangesNothingWritesNothing() throws Exception {
        store("{\"ttl\": 30}");
        String before = version();
        assertThat(api.patch(Map.of("ttl", "30")).status()).isEqualTo(200);
        assertThat(version()).isEqualTo(before);
        assertThat(wakes).hasValue(0);
    }

    @Test
    void withoutAConfigurationThereIsNothingToPatch() throws Exception {
        assertThat(api.patch(Map.of("ttl", 20)).status()).isEqualTo(503);
        store("not JSON");
        assertThat(api.patch(Map.of("ttl", 20)).status()).isEqualTo(503);
        assertThat(stored()).isEqualTo("not JSON");
    }

    @Test
    void aChangeLostToSomebodyElseIsToldAndTheirsStays() throws Exception {
        store("{\"ttl\": 30}");
        Dcs rival = before(() -> store("{\"ttl\": 40}"));
        ConfigApi beaten = new ConfigApi(rival, layout, Settings.CONTRACT_SHORTEST_TTL, wakes::incrementAndGet);

        assertThat(beaten.patch(Map.of("ttl", 50)).status()).isEqualTo(409);
        assertThat(stored()).isEqualTo("{\"ttl\": 40}");
        assertThat(wakes).hasValue(0);
    }

    @Test
    void putReplacesTheWholeWithoutWaking() throws Exception {
        Reply first = api.put(Map.of("ttl", 20));
        assertThat(first.status()).isEqualTo(200);
        assertThat(Json.object(stored())).contains(Map.of("ttl", 20));
        String before = version();
        assertThat(api.put(Map.of("ttl", 20)).status()).isEqualTo(200);
        assertThat(version()).as("the same is not written again").isEqualTo(before);
        assertThat(api.put(Map.of("own", true)).body()).isEqualTo("{\"own\": true}");
        assertThat(Json.object(stored())).contains(Map.of("own", true));
        assertThat(wakes).hasValue(0);
    }

    @Test
    void aStoreThatDoesNotAnswerIsToldFromOneThatRefuses() {
        Dcs gone = before(() -> {
            throw new DcsUnavailableException("gone");
        });
        ConfigApi cut = new ConfigApi(gone, layout, Settings.CONTRACT_SHORTEST_TTL, wakes::incrementAndGet);
        assertThat(cut.put(Map.of("ttl", 20)).status()).isEqualTo(502);
    }

    /** Whatever is sent, the answer is one of those of the contract, and what is stored stays an object. */
    @Test
    void noInputBreaksIt() throws Exception {
        Logger log = (Logger) LoggerFactory.getLogger(ConfigApi.class);
        log.setLevel(Level.OFF);
        Random random = new Random(9);
        store("{\"ttl\": 30}");
        for (int i = 0; i < 10_000; i++) {
            Map<String, Object> body = random(random, 3);
            Reply reply = random.nextBoolean() ? api.patch(body) : api.put(body);
            assertThat(reply.status()).as("%s", body).isIn(200, 503);
            assertThat(Json.object(stored())).as("%s", body).isPresent();
        }
        log.setLevel(null);
    }

    private static Map<String, Object> random(Random random, int depth) {
        Map<String, Object> map = new LinkedHashMap<>();
        List<String> keys =
                List.of("ttl", "loop_wait", "pause", "postgresql", "parameters", "slots", "", "a.b", "\u0000");
        for (int i = random.nextInt(4); i >= 0; i--) {
            map.put(keys.get(random.nextInt(keys.size())), value(random, depth));
        }
        return map;
    }

    private static Object value(Random random, int depth) {
        return switch (random.nextInt(depth > 0 ? 8 : 6)) {
            case 0 -> random.nextInt();
            case 1 -> random.nextLong();
            case 2 -> random.nextDouble() * 1e300;
            case 3 -> random.nextBoolean();
            case 4 -> List.of("", "x", 1);
            case 5 -> "\ud800\u0000 é" + random.nextInt();
            case 6 -> random(random, depth - 1);
            default -> new java.math.BigInteger(200, random);
        };
    }
}
