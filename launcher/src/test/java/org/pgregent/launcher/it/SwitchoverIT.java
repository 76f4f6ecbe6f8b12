package org.pgregent.launcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgregent.launcher.demo.DemoException;
import org.pgregent.launcher.demo.LocalNode;

/** A person orders another leader, over REST, on real processes and under load. */
@Timeout(400)
class SwitchoverIT {

    private final HttpClient http = HttpClient.newHttpClient();

    private String request(LocalNode node, String method, String path, String body)
            throws IOException, InterruptedException {
        HttpResponse<String> response = http.send(
                HttpRequest.newBuilder(URI.create(node.url(path)))
                        .timeout(Duration.ofSeconds(120))
                        .method(method, BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
        return response.statusCode() + " " + response.body();
    }

    private static String order(LocalNode leader, LocalNode candidate) {
        return "{\"leader\": \"%s\", \"candidate\": \"%s\"}".formatted(leader.name(), candidate.name());
    }

    /** With a candidate, without one, as a failover, and at a time; not one acknowledged row is missing in the end. */
    @Test
    void handsOverWithoutLosingARow() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("switchover", 3)) {
            LocalNode first = harness.leader();
            LocalNode second = harness.nodesBut(first).get(0);
            harness.startWriters();
            harness.await("acknowledgements", () -> harness.writer(first).acks().size() >= 100);

            long asked = System.nanoTime();
            assertThat(request(second, "POST", "/switchover", order(first, second)))
                    .isEqualTo("200 Successfully switched over to \"%s\"".formatted(second.name()));
            measure(harness, "with candidate", first, second, asked);
            harness.awaitWhole();
            assertThat(harness.logOf(first)).doesNotContain("running pg_rewind");

            asked = System.nanoTime();
            String anybody = request(second, "POST", "/switchover", "{\"leader\": \"" + second.name() + "\"}");
            LocalNode third = harness.awaitLeaderOtherThan(second);
            assertThat(anybody).isEqualTo("200 Successfully switched over to \"%s\"".formatted(third.name()));
            measure(harness, "without candidate", second, third, asked);
            harness.awaitWhole();

            LocalNode fourth = harness.nodesBut(third).get(0);
            asked = System.nanoTime();
            assertThat(request(third, "POST", "/failover", "{\"candidate\": \"" + fourth.name() + "\"}"))
                    .isEqualTo("200 Successfully failed over to \"%s\"".formatted(fourth.name()));
            measure(harness, "failover with a healthy leader", third, fourth, asked);
            harness.awaitWhole();

            LocalNode fifth = harness.nodesBut(fourth).get(1);
            asked = System.nanoTime();
            schedule(harness, fourth, fifth);
            measure(harness, "scheduled", fourth, fifth, asked);
            harness.awaitWhole();

            assertThat(missing(harness, fifth)).isEmpty();
            assertThat(harness.logOf(fourth)).contains("Manual scheduled switchover at");
        }
    }

    private void schedule(ClusterHarness harness, LocalNode from, LocalNode to)
            throws IOException, InterruptedException, DemoException {
        String later = "{\"leader\": \"%s\", \"candidate\": \"%s\", \"scheduled_at\": \"%s\"}";
        String far = later.formatted(from.name(), to.name(), "2037-01-01T00:00:00+00:00");
        assertThat(request(from, "POST", "/switchover", far)).isEqualTo("202 Switchover scheduled");
        assertThat(harness.client().document(to, "/cluster").orElseThrow()).containsKey("scheduled_switchover");
        assertThat(request(to, "DELETE", "/switchover", "")).isEqualTo("200 scheduled switchover deleted");
        assertThat(request(to, "DELETE", "/switchover", "")).isEqualTo("404 no switchover is scheduled");
        // A time that was missed by more than one and a half loop_wait is not made up for: room for a slow machine.
        assertThat(request(from, "PATCH", "/config", "{\"loop_wait\": 4}")).startsWith("200 ");
        String soon = later.formatted(from.name(), to.name(), Instant.now().plusSeconds(5));
        assertThat(request(from, "POST", "/switchover", soon)).isEqualTo("202 Switchover scheduled");
        assertThat(harness.awaitLeaderOtherThan(from)).isEqualTo(to);
        assertThat(request(to, "PATCH", "/config", "{\"loop_wait\": 1}")).startsWith("200 ");
    }

    /** @param asked before the order was given: what the next one wrote in former times does not count */
    private static void measure(ClusterHarness harness, String what, LocalNode old, LocalNode next, long asked)
            throws DemoException, InterruptedException, IOException {
        harness.awaitWritesOn(next, asked);
        long last = harness.writer(old).last().orElseThrow().nanos();
        long blocked = harness.writer(next).firstAfter(asked).orElseThrow().nanos() - last;
        System.out.printf("MEASURED switchover: %s: no writes for %.2f s%n", what, blocked / 1e9);
        // The last one on the old came before the first one on the new: nothing was acknowledged in two places.
        assertThat(blocked).isPositive();
    }

    /** Acknowledged, and not there. */
    private static Set<String> missing(ClusterHarness harness, LocalNode leader) {
        TreeMap<String, Long> upTo = new TreeMap<>();
        Set<String> acknowledged = new HashSet<>();
        for (LocalNode node : harness.nodes()) {
            for (DirectWriter.Ack ack : harness.writer(node).acks()) {
                acknowledged.add(ack.node() + ":" + ack.number());
                upTo.merge(ack.node(), ack.number(), Math::max);
            }
        }
        assertThat(acknowledged).hasSizeGreaterThan(100);
        String all = harness.query(leader, "SELECT string_agg(node || ':' || number, ',') FROM acks")
                .orElseThrow();
        acknowledged.removeAll(List.of(all.split(",")));
        return acknowledged;
    }

    /** The candidate tells a position and does not get what comes: nobody else is promoted, and the leader goes on. */
    @Test
    void takesItBackWhenTheCandidateDoesNotGetTheLastRecord() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("switchover-back", 3)) {
            LocalNode leader = harness.leader();
            LocalNode candidate = harness.nodesBut(leader).get(0);
            harness.startWriters();
            harness.await(
                    "acknowledgements", () -> harness.writer(leader).acks().size() >= 100);
            long receiver = Long.parseLong(harness.query(candidate, "SELECT pid FROM pg_stat_wal_receiver")
                    .orElseThrow());

            ClusterHarness.signal("STOP", receiver);
            String answer;
            long asked = System.nanoTime();
            try {
                answer = request(leader, "POST", "/switchover", order(leader, candidate));
                harness.awaitWritesOn(leader, System.nanoTime());
            } finally {
                ClusterHarness.signal("CONT", receiver);
            }

            assertThat(answer).isEqualTo("503 Switchover failed");
            assertThat(harness.leader()).isEqualTo(leader);
            assertThat(harness.logOf(leader)).contains("taking the hand-over back");
            System.out.printf(
                    "MEASURED switchover: taken back: no writes for %.2f s%n",
                    longestGap(harness, leader, asked) / 1e9);
            harness.awaitWhole();
            assertThat(harness.writer(candidate).acks()).isEmpty();
            assertThat(missing(harness, leader)).isEmpty();
        }
    }

    private static long longestGap(ClusterHarness harness, LocalNode node, long after) {
        long longest = 0;
        long before = 0;
        for (DirectWriter.Ack ack : harness.writer(node).acks()) {
            if (before != 0 && ack.nanos() > after) {
                longest = Math.max(longest, ack.nanos() - before);
            }
            before = ack.nanos();
        }
        return longest;
    }

    @Test
    void refusesWhatCannotBeDone() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("switchover-refused", 3)) {
            LocalNode leader = harness.leader();
            LocalNode replica = harness.nodesBut(leader).get(0);
            harness.startWriters();
            harness.await(
                    "acknowledgements", () -> harness.writer(leader).acks().size() >= 20);

            assertThat(request(leader, "POST", "/switchover", order(leader, leader)))
                    .isEqualTo("400 Switchover target and source are the same");
            assertThat(request(leader, "POST", "/switchover", order(replica, leader)))
                    .isEqualTo("412 leader name does not match");
            assertThat(request(leader, "POST", "/failover", "{\"candidate\": \"nobody\"}"))
                    .isEqualTo("412 candidate does not exists");
            assertThat(request(leader, "POST", "/switchover", "{}")).startsWith("400 ");
            assertThat(request(leader, "POST", "/switchover", "not json")).startsWith("400 ");
            assertThat(request(leader, "POST", "/switchover", "x".repeat(100_000)))
                    .startsWith("413 ");
            assertThat(request(leader, "POST", "/nonsense", "{}")).startsWith("501 ");
            harness.freezeAgent(replica);
            try {
                awaitAnswer(
                        harness,
                        () -> request(leader, "POST", "/switchover", order(leader, replica)),
                        "412 switchover is not possible: no good candidates have been found");
            } finally {
                harness.thawAgent(replica);
            }
            bar(harness, replica);
            assertThat(request(leader, "POST", "/switchover", order(leader, replica)))
                    .isEqualTo("412 switchover is not possible: no good candidates have been found");

            assertThat(harness.leader()).isEqualTo(leader);
            harness.awaitWritesOn(leader, System.nanoTime());
            assertThat(harness.nodesBut(leader))
                    .allSatisfy(node -> assertThat(harness.writer(node).acks()).isEmpty());
        }
    }

    private interface Call {
        String run() throws IOException, InterruptedException;
    }

    /** The quorum lives in the agents: when one stands still, the store may need a moment. */
    private static void awaitAnswer(ClusterHarness harness, Call call, String expected)
            throws DemoException, InterruptedException, IOException {
        AtomicReference<String> answer = new AtomicReference<>("");
        harness.await("the store", () -> {
            answer.set(call.run());
            return !answer.get().equals("503 the store did not answer");
        });
        assertThat(answer).hasValue(expected);
    }

    private static void bar(ClusterHarness harness, LocalNode replica)
            throws IOException, InterruptedException, DemoException {
        assertThat(harness.terminate(replica)).isZero();
        harness.edit(replica, config -> {
            config.put("tags", Map.of("nofailover", true));
            return config;
        });
        harness.start(replica);
        harness.awaitWhole();
    }

    /** Nobody can show that it has the end of the WAL: then the key is not given away, and whoever has it all goes on. */
    @Test
    void anAgentThatEndsKeepsTheKeyForItsReturnWhenNobodyHasAll() throws Exception {
        try (ClusterHarness harness = ClusterHarness.running("clean-end-alone", 3)) {
            LocalNode leader = harness.leader();
            harness.startWriters();
            harness.await(
                    "acknowledgements", () -> harness.writer(leader).acks().size() >= 100);

            LocalNode silent = harness.nodesBut(leader).get(0);
            // The third keeps the store's quorum, and may not lead.
            bar(harness, harness.nodesBut(leader).get(1));

            harness.freezeAgent(silent);
            try {
                assertThat(harness.terminate(leader)).isZero();
            } finally {
                harness.thawAgent(silent);
            }
            assertThat(harness.logOf(leader)).contains("Leader key is not deleted");
            harness.start(leader);

            harness.awaitWhole();
            harness.awaitWritesOn(harness.leader(), System.nanoTime());
            assertThat(missing(harness, harness.leader())).isEmpty();
        }
    }

    /** In pause to a certain candidate; the old leader comes back as a replica, and nobody is promoted otherwise. */
    @Test
    void handsOverInPause() throws Exception {
        try (ClusterHarness harness = ClusterHarness.create("switchover-pause", 3, ClusterHarness.STEADY)
                .withOpenStore()
                .started()) {
            LocalNode old = harness.leader();
            LocalNode next = harness.nodesBut(old).get(0);
            harness.startWriters();
            harness.await("acknowledgements", () -> harness.writer(old).acks().size() >= 100);
            harness.configure(config -> {
                config.put("pause", true);
                return config;
            });
            for (LocalNode node : harness.nodes()) {
                harness.await(node.name() + " in pause", () -> harness.client()
                        .document(node, "/patroni")
                        .map(status -> status.containsKey("pause"))
                        .orElse(false));
            }

            assertThat(request(old, "POST", "/switchover", "{\"leader\": \"" + old.name() + "\"}"))
                    .isEqualTo("400 Switchover is possible only to a specific candidate in a paused state");
            long asked = System.nanoTime();
            assertThat(request(old, "POST", "/switchover", order(old, next)))
                    .isEqualTo("200 Successfully switched over to \"%s\"".formatted(next.name()));

            harness.awaitLeaderOtherThan(old);
            measure(harness, "in pause", old, next, asked);
            harness.awaitWhole();
            assertThat(missing(harness, next)).isEmpty();
            harness.configure(config -> {
                config.remove("pause");
                return config;
            });
            harness.awaitWritesOn(next, System.nanoTime());
            harness.awaitWhole();
        }
    }
}
