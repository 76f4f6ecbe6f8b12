package org.pgregent.dcs.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Service;

/** A server that lets nobody do anything without a token. */
@Timeout(120)
class ConsulAclIT {

    private static final Duration CALL = Duration.ofSeconds(10);
    private static final String MANAGEMENT = "b8a5a1a0-6c11-4c6c-9f60-6f2f8cbe4c10";
    private static final String WRONG = "b8a5a1a0-6c11-4c6c-9f60-000000000000";

    @TempDir
    static Path folder;

    private static ConsulServer consul;

    @BeforeAll
    static void start() throws Exception {
        consul = ConsulServer.start(folder, ConsulServer.Options.acl(MANAGEMENT));
    }

    @AfterAll
    static void stop() {
        Optional.ofNullable(consul).ifPresent(ConsulServer::close);
    }

    private static Dcs with(String token) throws Exception {
        Map<String, Object> section = new HashMap<>(consul.section(0));
        section.put("token", token);
        section.put("register_service", true);
        return consul.connect(section, "n1", CALL);
    }

    @Test
    void aWrongTokenIsRefusedWithoutShowingIt() throws Exception {
        try (Dcs dcs = with(WRONG)) {
            for (Runs each : List.<Runs>of(
                    () -> dcs.readAll("/service/main", CALL),
                    () -> dcs.grant(CALL, CALL),
                    () -> dcs.put("/service/main/a", new byte[1], Expect.anything(), Optional.empty(), CALL))) {
                assertThatThrownBy(each::run)
                        .isInstanceOf(DcsRefusedException.class)
                        .hasMessageContaining("consul.token")
                        .hasMessageNotContaining(WRONG);
            }
        }
    }

    private interface Runs {
        void run() throws Exception;
    }

    /** What the contract says a token needs is all it needs. */
    @Test
    void theRightsOfTheContractAreEnough() throws Exception {
        try (Dcs dcs = with(limited())) {
            Lease lease = dcs.grant(CALL, CALL);
            assertThat(dcs.renew(lease, CALL)).isTrue();
            assertThat(dcs.put("/service/main/leader", new byte[1], Expect.absent(), Optional.of(lease), CALL)
                            .written())
                    .isTrue();
            assertThat(dcs.readAll("/service/main", CALL).entries()).hasSize(1);
            assertThat(dcs.delete("/service/main/leader", Expect.heldBy(lease), CALL)
                            .written())
                    .isTrue();
            dcs.services()
                    .orElseThrow()
                    .register(
                            new Service(
                                    "main/n1",
                                    "main",
                                    "127.0.0.1",
                                    5432,
                                    List.of("replica"),
                                    URI.create("http://127.0.0.1:8008/replica"),
                                    CALL),
                            CALL);
            dcs.services().orElseThrow().deregister("main/n1", CALL);
            dcs.revoke(lease, CALL);
            assertThatThrownBy(() -> dcs.put("/service/other/a", new byte[1], Expect.absent(), Optional.empty(), CALL))
                    .isInstanceOf(DcsRefusedException.class)
                    .hasMessageContainingAll("consul.token", "/service/other/a");
        }
    }

    private static String limited() throws Exception {
        Map<String, Object> section = new HashMap<>(consul.section(0));
        try (ConsulHttp http = new ConsulHttp(ConsulSettings.parse("consul", section))) {
            JsonObject policy = new JsonObject();
            policy.addProperty("Name", "main");
            policy.addProperty(
                    "Rules",
                    "service_prefix \"main\" {policy=\"write\"} key_prefix \"service/main\" {policy=\"write\"}"
                            + " session_prefix \"\" {policy=\"write\"}");
            assertThat(http.put("/v1/acl/policy", policy.toString(), Deadline.in(CALL))
                            .status())
                    .isEqualTo(200);
            String token = http.put("/v1/acl/token", "{\"Policies\":[{\"Name\":\"main\"}]}", Deadline.in(CALL))
                    .body();
            return JsonParser.parseString(token)
                    .getAsJsonObject()
                    .get("SecretID")
                    .getAsString();
        }
    }
}
