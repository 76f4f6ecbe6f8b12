package org.pgregent.launcher.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgregent.launcher.Json;
import org.pgregent.launcher.rest.RestApi.Reply;

/** The checks of switchover and failover, one by one and against what was captured. */
class HandoverApiTest {

    private FakeDesk desk;
    private HandoverApi api;

    @BeforeEach
    void threeNodesOfWhichTwoAnswer() throws IOException {
        desk = new FakeDesk("01-three-nodes-store.json");
        desk.answers("n1", Map.of(), false);
        desk.answers("n2", Map.of(), false);
        api = new HandoverApi(desk, Duration.ofSeconds(20));
    }

    private Reply order(String path, String body) throws InterruptedException {
        return api.order(path, Json.object(body).orElseThrow());
    }

    private static void is(Reply reply, int status, String text) {
        assertThat(reply.status() + " " + reply.body()).isEqualTo(status + " " + text);
    }

    /** All that was captured of these requests but those without a body, which are the server's to refuse. */
    @Test
    void answersAsCaptured() throws IOException, InterruptedException {
        List<?> replies = (List<?>) Json.object(Captured.text("replies-switchover.json"))
                .orElseThrow()
                .get("replies");
        int compared = 0;
        for (Object each : replies) {
            Map<?, ?> reply = (Map<?, ?>) each;
            String request = reply.get("request").toString();
            boolean delete = request.startsWith("DELETE");
            if (!delete && !request.contains("{")) {
                continue;
            }
            desk.set("leader", "n0");
            desk.course = second -> desk.set("leader", "n1");
            Reply given = delete
                    ? api.cancel()
                    : order(
                            request.substring("POST /".length(), request.indexOf(' ', 5)),
                            request.substring(request.indexOf('{')));
            assertThat(given.status() + " " + given.body())
                    .as(request)
                    .isEqualTo(reply.get("status") + " " + reply.get("body"));
            compared++;
        }
        assertThat(compared).isGreaterThanOrEqualTo(12);
    }

    @Test
    void refusesWhatTheFormForbidsInTheContractsOrder() throws InterruptedException {
        is(
                order("failover", "{\"scheduled_at\":\"x\"}"),
                400,
                "Failover could be performed only to a specific candidate");
        is(
                order("switchover", "{\"scheduled_at\":\"x\"}"),
                400,
                "Switchover could be performed only from a specific leader");
        is(order("failover", "{\"candidate\":\"n1\",\"scheduled_at\":\"x\"}"), 400, "Failover can't be scheduled");
        is(
                order("switchover", "{\"leader\":\"n0\",\"candidate\":\"n0\"}"),
                400,
                "Switchover target and source are the same");
        assertThat(desk.failover()).isEmpty();
    }

    @Test
    void inPauseOnlyAtOnceAndToSomebody() throws InterruptedException {
        desk.set("config", "{\"pause\":true}");

        is(
                order("switchover", "{\"leader\":\"n0\",\"scheduled_at\":\"x\"}"),
                400,
                "Can't schedule switchover in the paused state");
        is(
                order("switchover", "{\"leader\":\"n0\"}"),
                400,
                "Switchover is possible only to a specific candidate in a paused state");
        desk.course = second -> desk.set("leader", "n1");
        is(order("switchover", "{\"leader\":\"n0\",\"member\":\"n1\"}"), 200, "Successfully switched over to \"n1\"");
    }

    @Test
    void theCandidateMustBeThereAndAbleToLead() throws InterruptedException {
        String gone = "switchover is not possible: no good candidates have been found";
        desk.answers.clear();
        is(order("switchover", "{\"leader\":\"n0\",\"candidate\":\"n1\"}"), 412, gone);
        assertThat(desk.asked).containsExactly("n1");
        desk.answers("n1", Map.of("nofailover", true), false);
        is(order("switchover", "{\"leader\":\"n0\"}"), 412, gone);
        desk.answers("n1", Map.of(), true);
        is(order("switchover", "{\"leader\":\"n0\"}"), 412, gone);
        is(
                order("failover", "{\"candidate\":\"n2\"}"),
                412,
                "failover is not possible: no good candidates have been found");
        desk.keys.remove(FakeDesk.BASE + "/members/n1");
        desk.keys.remove(FakeDesk.BASE + "/members/n2");
        is(
                order("switchover", "{\"leader\":\"n0\"}"),
                412,
                "switchover is not possible: cluster does not have members except leader");
        is(order("failover", "{\"candidate\":\"n1\"}"), 412, "candidate does not exists");
        assertThat(desk.failover()).isEmpty();
    }

    @Test
    void withSynchronousStandbysOnlyToThem() throws InterruptedException {
        desk.set("config", "{\"synchronous_mode\":true}");
        is(
                order("switchover", "{\"leader\":\"n0\",\"candidate\":\"n1\"}"),
                412,
                "candidate name does not match with sync_standby");
        is(order("switchover", "{\"leader\":\"n0\"}"), 412, "switchover is not possible: can not find sync_standby");
        desk.set("sync", "{\"leader\":\"n0\",\"quorum\":0,\"sync_standby\":\"n2,n3\"}");
        desk.course = second -> desk.set("leader", "n2");
        is(order("switchover", "{\"leader\":\"n0\"}"), 200, "Successfully switched over to \"n2\"");
        assertThat(desk.asked).containsExactly("n2");
    }

    @Test
    void aFailoverThatNamesTheLeaderIsASwitchover() throws InterruptedException {
        desk.course = second -> desk.set("leader", "n2");

        is(
                order("failover", "{\"leader\":\"n0\",\"candidate\":\"n1\"}"),
                200,
                "Switched over to \"n2\" instead of \"n1\"");
        assertThat(desk.failover()).isEqualTo("{\"leader\":\"n0\",\"member\":\"n1\"}");
        assertThat(desk.woken).isEqualTo(1);
    }

    @Test
    void withoutALeaderOnlyAFailoverIsPossible() throws InterruptedException {
        desk.keys.remove(FakeDesk.BASE + "/leader");
        is(order("switchover", "{\"leader\":\"n0\"}"), 412, "leader name does not match");
        desk.course = second -> {
            if (second == 3) {
                desk.set("leader", "n1");
            }
        };
        is(order("failover", "{\"candidate\":\"n1\"}"), 200, "Successfully failed over to \"n1\"");
        assertThat(desk.failover()).isEqualTo("{\"member\":\"n1\"}");
    }

    @Test
    void tellsWhatBecameOfIt() throws InterruptedException {
        desk.course = second -> desk.set("failover", "{}");
        is(order("switchover", "{\"leader\":\"n0\"}"), 503, "Switchover failed");
        is(order("failover", "{\"candidate\":\"n1\"}"), 503, "Failover failed");
        desk.course = second -> desk.storeAnswers = second % 2 == 0;
        desk.seconds = 0;
        is(
                order("switchover", "{\"leader\":\"n0\"}"),
                503,
                "Switchover status unknown after 20 seconds; operation may still be in progress");
        assertThat(desk.seconds).isEqualTo(20);
        desk.storeAnswers = true;
        desk.course = second -> desk.keys.remove(FakeDesk.BASE + "/leader");
        is(
                order("failover", "{\"candidate\":\"n1\"}"),
                503,
                "Failover status unknown after 20 seconds; operation may still be in progress");
    }

    @Test
    void aStoreThatFailsIsSaidSo() throws InterruptedException {
        desk.storeTakesWrites = false;
        is(order("switchover", "{\"leader\":\"n0\"}"), 503, "failed to write failover key into DCS");
        desk.storeAnswers = false;
        is(order("switchover", "{\"leader\":\"n0\"}"), 503, "the store did not answer");
        is(api.cancel(), 503, "the store did not answer");
    }

    @Test
    void aScheduledOneIsWrittenWithItsZoneAndTakenBack() throws InterruptedException {
        is(
                order("switchover", "{\"leader\":\"nosuch\",\"scheduled_at\":\"2037-01-01 02:00 +02\"}"),
                202,
                "Switchover scheduled");
        assertThat(desk.failover()).isEqualTo("{\"leader\":\"nosuch\",\"scheduled_at\":\"2037-01-01T02:00:00+02:00\"}");
        desk.changedMeanwhile = true;
        assertThat(api.cancel().status()).isEqualTo(409);
        desk.changedMeanwhile = false;
        is(api.cancel(), 200, "scheduled switchover deleted");
        is(api.cancel(), 404, "no switchover is scheduled");
    }

    @Test
    void whateverIsSentItIsAnsweredAndNothingIsOrdered() throws InterruptedException {
        for (String strange : List.of(
                "{\"leader\":5}",
                "{\"leader\":[\"n0\"]}",
                "{\"leader\":{\"a\":1}}",
                "{\"leader\":\"n0/..\",\"candidate\":\"../x\"}",
                "{\"leader\":\"n0\\n2026 forged line\"}",
                "{\"leader\":null,\"candidate\":null}",
                "{\"leader\":\"n0\",\"scheduled_at\":{}}",
                "{\"leader\":true}")) {
            for (String path : List.of("switchover", "failover")) {
                assertThat(order(path, strange).status()).as(path + strange).isBetween(400, 422);
            }
        }
        assertThat(Optional.of(desk.failover())).contains("");
    }
}
