package org.pgregent.dcs.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pgregent.dcs.etcd.Connected.CALL;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Watch;

/** A server that wants a login, whose tokens end after two idle seconds. */
class LoginIT {

    private static final int TOKEN_SECONDS = 2;
    private static EtcdServer server;

    @BeforeAll
    static void start() throws Exception {
        server = EtcdServer.start(EtcdServer.Setup.of(1).withFlags("--auth-token-ttl=" + TOKEN_SECONDS));
        server.wantLogin("agent", "right");
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    private static Map<String, Object> section(String user, String password) {
        Map<String, Object> section = new HashMap<>(server.section());
        section.put("username", user);
        section.put("password", password);
        return section;
    }

    @Test
    void aWrongPasswordIsRefused() throws Exception {
        try (Dcs dcs = Connected.to(section("agent", "wrong"))) {
            assertThatThrownBy(() -> dcs.readAll("/login", CALL))
                    .isInstanceOf(DcsRefusedException.class)
                    .hasMessageContainingAll("etcd3.username", "'agent'", "password")
                    .hasMessageNotContaining("wrong");
            assertThatThrownBy(() -> Connected.put(dcs, "/login/a", "1", Expect.anything()))
                    .isInstanceOf(DcsRefusedException.class);
            assertThatThrownBy(() -> dcs.grant(Connected.TTL, CALL)).isInstanceOf(DcsRefusedException.class);
        }
    }

    @Test
    void noLoginIsRefused() throws Exception {
        try (Dcs dcs = Connected.to(server.section())) {
            assertThatThrownBy(() -> dcs.readAll("/login", CALL))
                    .isInstanceOf(DcsRefusedException.class)
                    .hasMessageContainingAll("etcd3.username", "missing", "set username and password");
        }
    }

    @Test
    void keysOfOthersAreRefused() throws Exception {
        try (Dcs dcs = Connected.to(section("agent", "right"))) {
            assertThatThrownBy(() -> Connected.put(dcs, "not-below-slash", "1", Expect.anything()))
                    .isInstanceOf(DcsRefusedException.class)
                    .hasMessageContainingAll("'agent'", "not-below-slash", "grant");
        }
    }

    @Test
    void aTokenThatEndedIsRenewedWithinTheCall() throws Exception {
        AtomicInteger hints = new AtomicInteger();
        try (Dcs dcs = Connected.to(section("agent", "right"));
                Watch watch = dcs.watch(Set.of("/login/watched"), hints::incrementAndGet)) {
            Lease lease = dcs.grant(java.time.Duration.ofSeconds(60), CALL);
            for (int i = 0; i < 2; i++) {
                // Idle for longer than the token lives: this is what is tried, not a wait for something.
                TimeUnit.SECONDS.sleep(2 * TOKEN_SECONDS + 1);
                assertThat(dcs.renew(lease, CALL)).isTrue();
                TimeUnit.SECONDS.sleep(2 * TOKEN_SECONDS + 1);
                dcs.readAll("/login", CALL);
                TimeUnit.SECONDS.sleep(2 * TOKEN_SECONDS + 1);
                assertThat(Connected.put(dcs, "/login/a", "1", Expect.anything())
                                .written())
                        .isTrue();
            }
            int before = hints.get();
            Connected.eventually("the watch is alive", () -> {
                Connected.put(dcs, "/login/watched", "x", Expect.anything());
                return hints.get() > before;
            });
            assertThat(watch).isNotNull();
        }
    }

    @Test
    void aLoginNobodyWantsDoesNoHarm() throws Exception {
        try (EtcdServer open = EtcdServer.start()) {
            Map<String, Object> section = section("agent", "right");
            section.put("hosts", open.hosts());
            try (Dcs dcs = Connected.to(section)) {
                assertThat(Connected.put(dcs, "/login/a", "1", Expect.anything())
                                .written())
                        .isTrue();
                // Switched on later, it is used.
                open.wantLogin("agent", "right");
                assertThat(Connected.put(dcs, "/login/a", "2", Expect.anything())
                                .written())
                        .isTrue();
            }
        }
    }
}
