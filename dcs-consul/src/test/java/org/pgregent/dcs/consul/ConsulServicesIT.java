package org.pgregent.dcs.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Service;
import org.pgregent.dcs.spi.ServiceRegistry;

/** What others see of us: services in the catalogue with their checks, and sessions in the list. */
@Timeout(120)
class ConsulServicesIT {

    private static final Duration CALL = Duration.ofSeconds(10);

    @TempDir
    static Path folder;

    private static ConsulServer consul;
    private static ConsulHttp http;

    @BeforeAll
    static void start() throws Exception {
        consul = ConsulServer.start(folder);
        http = new ConsulHttp(ConsulSettings.parse("consul", consul.section(0)));
    }

    @AfterAll
    static void stop() {
        Optional.ofNullable(http).ifPresent(ConsulHttp::close);
        Optional.ofNullable(consul).ifPresent(ConsulServer::close);
    }

    private static JsonArray list(String path) throws Exception {
        return JsonParser.parseString(http.get(path, Deadline.in(CALL)).body()).getAsJsonArray();
    }

    private static Service service(String role, String... tags) {
        return new Service(
                "batman/n 1",
                "batman",
                "127.0.0.1",
                5432,
                List.of(tags),
                URI.create("http://127.0.0.1:8008/" + role),
                Duration.ofSeconds(150));
    }

    /** The agent passes its services on to the servers in its own time. */
    private static JsonArray awaitCatalogue(int size) throws Exception {
        long end = System.nanoTime() + ConsulServer.PATIENCE.toNanos();
        JsonArray found = list("/v1/catalog/service/batman");
        while (found.size() != size) {
            assertThat(System.nanoTime()).as("found %s", found).isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(20);
            found = list("/v1/catalog/service/batman");
        }
        return found;
    }

    private static List<String> tags(JsonElement service) {
        return service.getAsJsonObject().getAsJsonArray("ServiceTags").asList().stream()
                .map(JsonElement::getAsString)
                .toList();
    }

    @Test
    void listsTheServiceAndTakesItOff() throws Exception {
        Map<String, Object> section = new HashMap<>(consul.section(0));
        section.put("register_service", true);
        section.put("service_tags", List.of("tag2", "tag1"));
        section.put("service_check_interval", "7s");
        try (Dcs dcs = consul.connect(section, "n1", CALL)) {
            ServiceRegistry services = dcs.services().orElseThrow();
            services.register(service("primary", "primary", "master"), CALL);
            JsonObject found = awaitCatalogue(1).get(0).getAsJsonObject();
            assertThat(tags(found)).containsExactly("tag1", "tag2", "primary", "master");
            assertThat(found.get("ServiceID").getAsString()).isEqualTo("batman/n 1");
            assertThat(found.get("ServiceAddress").getAsString()).isEqualTo("127.0.0.1");
            assertThat(found.get("ServicePort").getAsInt()).isEqualTo(5432);
            assertThat(found.get("ServiceEnableTagOverride").getAsBoolean()).isTrue();
            JsonObject definition = list("/v1/health/checks/batman").get(0).getAsJsonObject();
            assertThat(definition.get("Type").getAsString()).isEqualTo("http");
            JsonObject check = definition.getAsJsonObject("Definition");
            assertThat(check).isNotNull();

            services.register(service("replica", "replica"), CALL);
            long end = System.nanoTime() + ConsulServer.PATIENCE.toNanos();
            while (!tags(awaitCatalogue(1).get(0)).equals(List.of("tag1", "tag2", "replica"))) {
                assertThat(System.nanoTime()).isLessThan(end);
                TimeUnit.MILLISECONDS.sleep(20);
            }
            services.deregister("batman/n 1", CALL);
            awaitCatalogue(0);
            services.deregister("batman/n 1", CALL);
        }
    }

    /** Consul knows it from 1.9 on; the older one here refuses it, and we say so. */
    @Test
    void aTlsNameOfTheCheckArrives() throws Exception {
        Map<String, Object> section = new HashMap<>(consul.section(0));
        section.put("register_service", true);
        section.put("service_check_tls_server_name", "db.example");
        try (Dcs dcs = consul.connect(section, "n1", CALL)) {
            Throwable failure =
                    catchThrowable(() -> dcs.services().orElseThrow().register(service("replica", "replica"), CALL));
            if (failure == null) {
                dcs.services().orElseThrow().deregister("batman/n 1", CALL);
            } else {
                assertThat(failure)
                        .isInstanceOf(DcsRefusedException.class)
                        .hasMessageContainingAll("consul.service_check_tls_server_name", "1.9");
            }
        }
    }

    @Test
    void withoutTheSettingThereIsNoList() throws Exception {
        try (Dcs dcs = consul.connect(0, "n1", CALL)) {
            assertThat(dcs.services()).isEmpty();
        }
    }

    @Test
    void theSessionLooksAsOthersExpectIt() throws Exception {
        try (Dcs dcs = consul.connect(0, "n1", CALL)) {
            dcs.readAll("/service/batman", CALL);
            Lease lease = dcs.grant(Duration.ofSeconds(30), CALL);
            JsonObject session = list("/v1/session/info/" + lease.id()).get(0).getAsJsonObject();
            assertThat(session.get("Name").getAsString()).isEqualTo("batman-n1");
            assertThat(session.get("TTL").getAsString()).isEqualTo("15.0s");
            assertThat(session.get("Behavior").getAsString()).isEqualTo("delete");
            assertThat(session.get("LockDelay").getAsLong()).isZero();
            assertThat(session.getAsJsonArray("NodeChecks")).isEmpty();
            assertThat(lease.ttl()).isEqualTo(Duration.ofSeconds(30));
            assertThat(lease.safeTtl()).isEqualTo(Duration.ofSeconds(15));
            dcs.revoke(lease, CALL);
        }
    }

    @Test
    void aSessionCanHangOnChecks() throws Exception {
        Map<String, Object> section = new HashMap<>(consul.section(0));
        section.put("checks", "serfHealth");
        try (Dcs dcs = consul.connect(section, "n1", CALL)) {
            Lease lease = dcs.grant(Duration.ofSeconds(30), CALL);
            JsonObject session = list("/v1/session/info/" + lease.id()).get(0).getAsJsonObject();
            assertThat(session.getAsJsonArray("NodeChecks").get(0).getAsString())
                    .isEqualTo("serfHealth");
        }
    }
}
