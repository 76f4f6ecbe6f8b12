package org.pgregent.dcs.consul;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.WriteResult;

/** When sessions really end: the measurements that ADR 8 stands on, and that a renewal is never confirmed by who cannot know. */
@Timeout(180)
class ConsulExpiryIT {

    private static final Duration CALL = Duration.ofSeconds(10);

    @TempDir
    static Path folder;

    private static ConsulServer consul;

    @BeforeAll
    static void start() throws Exception {
        consul = ConsulServer.start(folder, ConsulServer.Options.plain(3));
    }

    @AfterAll
    static void stop() {
        consul.close();
    }

    private static void eventually(String what, Callable<Boolean> question) throws Exception {
        long end = System.nanoTime() + ConsulServer.PATIENCE.toNanos();
        while (true) {
            try {
                if (question.call()) {
                    return;
                }
            } catch (DcsException notYet) {
                assertThat(notYet).isNotNull();
            }
            assertThat(System.nanoTime()).as("in time: %s", what).isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    private static void put(Dcs dcs, String key, Lease lease) throws Exception {
        WriteResult result =
                dcs.put(key, "x".getBytes(StandardCharsets.UTF_8), Expect.absent(), Optional.of(lease), CALL);
        assertThat(result.written()).isTrue();
    }

    /** Each key that went, with how many session TTLs after {@code since} it was first seen missing. */
    private static List<Double> livesOf(Map<String, Lease> leases, Map<String, Long> since, Dcs observer)
            throws Exception {
        List<Double> lives = new ArrayList<>();
        Map<String, Lease> left = new HashMap<>(leases);
        String prefix = leases.keySet().iterator().next().replaceAll("/[^/]*$", "");
        eventually("all keys go with their leases", () -> {
            DcsSnapshot now = observer.readAll(prefix, CALL);
            long at = System.nanoTime();
            left.entrySet().removeIf(key -> {
                if (now.get(key.getKey()).isPresent()) {
                    return false;
                }
                Duration lived = Duration.ofNanos(at - since.get(key.getKey()));
                assertThat(lived)
                        .as(key.getKey())
                        .isGreaterThanOrEqualTo(key.getValue().safeTtl());
                lives.add((double) lived.toNanos() / key.getValue().slack().toNanos());
                return true;
            });
            return left.isEmpty();
        });
        lives.sort(null);
        return lives;
    }

    private static void report(String what, List<Double> lives) {
        System.out.printf(
                "%s: %d sessions lived for %.3f to %.3f of their TTL%n",
                what, lives.size(), lives.get(0), lives.get(lives.size() - 1));
    }

    @Test
    void twentySessionsLiveForTheirTtlAtLeast() throws Exception {
        try (Dcs dcs = consul.connect(0, "n1", Duration.ofSeconds(2));
                Dcs observer = consul.connect(1, "n2", Duration.ofSeconds(2))) {
            Map<String, Lease> leases = new HashMap<>();
            Map<String, Long> since = new HashMap<>();
            for (int i = 0; i < 20; i++) {
                String key = "/expiry/k" + i;
                Lease lease = dcs.grant(Duration.ofSeconds(i % 2 == 0 ? 2 : 4), CALL);
                put(dcs, key, lease);
                leases.put(key, lease);
            }
            for (Map.Entry<String, Lease> key : leases.entrySet()) {
                since.put(key.getKey(), System.nanoTime());
                assertThat(dcs.renew(key.getValue(), CALL)).isTrue();
            }
            report("left alone", livesOf(leases, since, observer));
        }
    }

    @Test
    void aNewLeaderGivesThemTheirTimeAgain() throws Exception {
        int leader = consul.leader();
        int other = (leader + 1) % 3;
        try (Dcs dcs = consul.connect(other, "n1", Duration.ofSeconds(4));
                Dcs observer = consul.connect((leader + 2) % 3, "n2", Duration.ofSeconds(4))) {
            Map<String, Lease> leases = new HashMap<>();
            Map<String, Long> since = new HashMap<>();
            for (int i = 0; i < 5; i++) {
                String key = "/election/k" + i;
                Lease lease = dcs.grant(Duration.ofSeconds(4), CALL);
                since.put(key, System.nanoTime());
                put(dcs, key, lease);
                leases.put(key, lease);
            }
            consul.kill(leader);
            report("counted from before their leader was killed", livesOf(leases, since, observer));
        } finally {
            consul.start(leader);
            consul.awaitServing();
        }
    }

    @Test
    void aRestartOfAllServersGivesThemTheirTimeAgain() throws Exception {
        try (Dcs dcs = consul.connect(0, "n1", Duration.ofSeconds(4))) {
            Map<String, Lease> leases = new HashMap<>();
            Map<String, Long> since = new HashMap<>();
            for (int i = 0; i < 5; i++) {
                String key = "/restart/k" + i;
                Lease lease = dcs.grant(Duration.ofSeconds(4), CALL);
                put(dcs, key, lease);
                leases.put(key, lease);
            }
            consul.killAll();
            leases.keySet().forEach(key -> since.put(key, System.nanoTime()));
            consul.startAll();
            consul.awaitServing();
            report("counted from before the servers' restart", livesOf(leases, since, dcs));
        }
    }

    /** Held long enough to be overdue but not gone, a session is ended instead of renewed. */
    @Test
    void aSessionThatIsOverdueIsEndedNotRenewed() throws Exception {
        try (Dcs dcs = consul.connect(0, "n1", Duration.ofSeconds(8))) {
            Lease lease = dcs.grant(Duration.ofSeconds(8), CALL);
            put(dcs, "/overdue/a", lease);
            TimeUnit.MILLISECONDS.sleep(lease.slack().toMillis() * 3 / 2 + 50);
            assertThat(dcs.renew(lease, CALL)).isFalse();
            assertThat(dcs.readAll("/overdue", CALL).entries()).isEmpty();
        }
    }

    /**
     * A leader that sleeps through the election of another and the end of a session wakes with requests waiting in its socket. What
     * Consul's own renewal answers then is reported; ours must not say yes.
     */
    @Test
    void aLeaderThatSleptConfirmsNothing() throws Exception {
        int confirmedByConsul = 0;
        int rounds = 3;
        int each = 20;
        for (int round = 0; round < rounds; round++) {
            int leader = consul.leader();
            String key = "/slept/k" + round;
            try (Dcs dcs = consul.connect(leader, "n1", Duration.ofSeconds(2));
                    Dcs observer = consul.connect((leader + 1) % 3, "n2", Duration.ofSeconds(2));
                    ConsulHttp raw = new ConsulHttp(ConsulSettings.parse("consul", consul.section(leader)))) {
                Lease lease = dcs.grant(Duration.ofSeconds(2), CALL);
                put(dcs, key, lease);
                List<CompletableFuture<ConsulHttp.Answer>> plain = new ArrayList<>();
                CompletableFuture<Boolean> renewed;
                consul.process(leader).freeze();
                try {
                    eventually(
                            "the key goes",
                            () -> observer.readAll("/slept", CALL).get(key).isEmpty());
                    for (int i = 0; i < each; i++) {
                        plain.add(inBackground(() ->
                                raw.put("/v1/session/renew/" + lease.id(), "", Deadline.in(ConsulServer.PATIENCE))));
                    }
                    renewed = inBackground(() -> dcs.renew(lease, ConsulServer.PATIENCE));
                    TimeUnit.MILLISECONDS.sleep(300);
                } finally {
                    consul.process(leader).thaw();
                }
                // No answer is as good as no.
                assertThat(renewed.handle((yes, failure) -> failure == null && yes)
                                .get(90, TimeUnit.SECONDS))
                        .as("round %s", round)
                        .isFalse();
                for (CompletableFuture<ConsulHttp.Answer> one : plain) {
                    if (one.handle((answer, failure) -> failure == null && answer.status() == 200)
                            .get(90, TimeUnit.SECONDS)) {
                        confirmedByConsul++;
                    }
                }
            }
            consul.awaitServing();
        }
        System.out.printf(
                "of %d renewals of an ended session, Consul itself confirmed %d, we none%n",
                rounds * each, confirmedByConsul);
    }

    private static <T> CompletableFuture<T> inBackground(Callable<T> call) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                result.complete(call.call());
            } catch (Exception e) {
                result.completeExceptionally(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return result;
    }
}
