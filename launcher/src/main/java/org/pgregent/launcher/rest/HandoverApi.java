package org.pgregent.launcher.rest;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.Conversions;
import org.pgregent.core.model.DynamicConfig;
import org.pgregent.core.model.FailoverRequest;
import org.pgregent.core.model.MemberView;
import org.pgregent.core.model.PeerAnswers.PeerAnswer;
import org.pgregent.core.model.ScheduledTime;
import org.pgregent.core.model.Settings;
import org.pgregent.core.model.Versioned;
import org.pgregent.core.port.Peers.Peer;
import org.pgregent.launcher.Json;
import org.pgregent.launcher.rest.RestApi.Reply;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Switchover and failover over REST: the checks in the contract's order, then the order itself, then the wait for what comes of
 * it. The agents do all the rest, and check again. Safe for use by many threads; a call may take as long as a switchover.
 */
public final class HandoverApi {

    private static final Logger LOG = LoggerFactory.getLogger(HandoverApi.class);
    private static final Duration POLL = Duration.ofSeconds(1);

    /** Why a request is not taken. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;
        private final int status;

        Refused(int status, String text) {
            super(text);
            this.status = status;
        }
    }

    /** What the wording depends on. */
    private enum Kind {
        SWITCHOVER("switchover", "Switchover", "switched over", "Switched over"),
        FAILOVER("failover", "Failover", "failed over", "Failed over");

        private final String word;
        private final String title;
        private final String done;
        private final String doneTitle;

        Kind(String word, String title, String done, String doneTitle) {
            this.word = word;
            this.title = title;
            this.done = done;
            this.doneTitle = doneTitle;
        }
    }

    private final OperatorDesk desk;
    private final Duration shortestTtl;

    /** @param shortestTtl as this node's configuration allows it */
    HandoverApi(OperatorDesk desk, Duration shortestTtl) {
        this.desk = desk;
        this.shortestTtl = shortestTtl;
    }

    public static HandoverApi over(StoreDesk desk, Duration shortestTtl) {
        return new HandoverApi(desk, shortestTtl);
    }

    /**
     * @param path {@code switchover} or {@code failover}
     * @param body a JSON object
     */
    Reply order(String path, Map<String, Object> body) throws InterruptedException {
        Kind kind = path.equals("failover") ? Kind.FAILOVER : Kind.SWITCHOVER;
        Optional<String> leader = text(body, "leader");
        Optional<String> candidate = text(body, "candidate").or(() -> text(body, "member"));
        Optional<String> scheduled = text(body, "scheduled_at");
        LOG.info(
                "received {} request with leader={} candidate={} scheduled_at={}",
                kind.word,
                printable(leader),
                printable(candidate),
                printable(scheduled));
        Optional<ClusterView> cluster = desk.read();
        if (cluster.isEmpty()) {
            return Reply.text(503, "the store did not answer");
        }
        try {
            return order(kind, new FailoverRequest(leader, candidate, scheduled), cluster.get());
        } catch (Refused refused) {
            return Reply.text(refused.status, String.valueOf(refused.getMessage()));
        }
    }

    private Reply order(Kind asked, FailoverRequest request, ClusterView cluster) throws Refused, InterruptedException {
        Settings settings =
                Settings.from(cluster.config().map(Versioned::value).orElse(new DynamicConfig(Map.of())), shortestTtl);
        Optional<String> at = checkForm(asked, request, settings.paused());
        Kind kind = asked;
        if (kind == Kind.FAILOVER && request.leader().isPresent()) {
            LOG.warn("received failover request with leader specified - performing switchover instead");
            kind = Kind.SWITCHOVER;
        }
        refuseIf(
                request.leader().isPresent() && request.leader().equals(request.candidate()),
                400,
                "Switchover target and source are the same");
        if (at.isEmpty()) {
            checkCluster(kind, request, cluster);
        }
        FailoverRequest order = new FailoverRequest(request.leader(), request.candidate(), at);
        refuseIf(!desk.order(order), 503, "failed to write failover key into DCS");
        desk.wake();
        return at.isPresent() ? Reply.text(202, "Switchover scheduled") : await(kind, order, cluster, settings);
    }

    private static void refuseIf(boolean condition, int status, String text) throws Refused {
        if (condition) {
            throw new Refused(status, text);
        }
    }

    /** What can be told from the request alone. Returns the time as it goes into the store, if there is one. */
    private Optional<String> checkForm(Kind kind, FailoverRequest request, boolean paused) throws Refused {
        boolean scheduled = request.scheduledAt().isPresent();
        refuseIf(
                kind == Kind.FAILOVER && request.candidate().isEmpty(),
                400,
                "Failover could be performed only to a specific candidate");
        refuseIf(
                kind == Kind.SWITCHOVER && request.leader().isEmpty(),
                400,
                "Switchover could be performed only from a specific leader");
        refuseIf(scheduled && kind == Kind.FAILOVER, 400, "Failover can't be scheduled");
        refuseIf(scheduled && paused, 400, "Can't schedule switchover in the paused state");
        Optional<String> at = scheduled ? Optional.of(time(request.scheduledAt().get())) : Optional.empty();
        refuseIf(
                paused && request.candidate().isEmpty(),
                400,
                "Switchover is possible only to a specific candidate in a paused state");
        return at;
    }

    private String time(String text) throws Refused {
        ScheduledTime time = ScheduledTime.parse(text)
                .orElseThrow(() -> new Refused(
                        422,
                        "Unable to parse scheduled timestamp. It should be in an unambiguous format, e.g. ISO 8601"));
        Instant due = time.instant()
                .orElseThrow(() -> new Refused(400, "Timezone information is mandatory for the scheduled switchover"));
        refuseIf(due.isBefore(desk.wall()), 422, "Cannot schedule switchover in the past");
        return time.iso();
    }

    /** What would refuse a request that is to be done at once. */
    private void checkCluster(Kind kind, FailoverRequest request, ClusterView cluster) throws Refused {
        refuseIf(
                request.leader().isPresent() && !request.leader().equals(leader(cluster)),
                412,
                "leader name does not match");
        String notPossible = kind.word + " is not possible: ";
        boolean synchronous = isSynchronous(cluster);
        Set<String> synced = synced(cluster);
        if (request.candidate().isPresent()) {
            String candidate = request.candidate().get();
            refuseIf(
                    kind == Kind.SWITCHOVER && synchronous && !synced.contains(candidate),
                    412,
                    "candidate name does not match with sync_standby");
            refuseIf(
                    cluster.members().stream().noneMatch(m -> m.name().value().equals(candidate)),
                    412,
                    "candidate does not exists");
        } else if (synchronous) {
            refuseIf(
                    cluster.members().stream()
                            .noneMatch(m -> synced.contains(m.name().value())),
                    412,
                    notPossible + "can not find sync_standby");
        }
        List<Peer> eligible = cluster.members().stream()
                .filter(m -> !Optional.of(m.name().value()).equals(leader(cluster)))
                .filter(m -> request.candidate().map(m.name().value()::equals).orElse(true))
                .filter(m -> request.candidate().isPresent()
                        || !synchronous
                        || synced.contains(m.name().value()))
                .flatMap(HandoverApi::peer)
                .toList();
        refuseIf(
                request.candidate().isEmpty() && eligible.isEmpty(),
                412,
                notPossible + "cluster does not have members except leader");
        boolean good = !eligible.isEmpty() && desk.ask(eligible).stream().anyMatch(HandoverApi::isGood);
        refuseIf(!good, 412, notPossible + "no good candidates have been found");
    }

    private static java.util.stream.Stream<Peer> peer(MemberView member) {
        return member.apiUrl().map(url -> new Peer(member.name(), url)).stream();
    }

    private static boolean isGood(PeerAnswer answer) {
        return answer.reachable() && !answer.tags().noFailover() && !answer.watchdogFailed();
    }

    private static Optional<String> leader(ClusterView cluster) {
        return cluster.leader().map(leader -> leader.name().value());
    }

    /** The mode that names its standbys one by one; with a quorum nobody is special. */
    private static boolean isSynchronous(ClusterView cluster) {
        return cluster.config()
                .map(config -> config.value().document().get("synchronous_mode"))
                .flatMap(Conversions::bool)
                .orElse(false);
    }

    private static Set<String> synced(ClusterView cluster) {
        return cluster.sync()
                .flatMap(sync -> Json.object(sync.value()))
                .flatMap(sync -> text(sync, "sync_standby"))
                .map(list -> Arrays.stream(list.split(",")).map(String::strip).collect(Collectors.toSet()))
                .orElse(Set.of());
    }

    /** The agents' work, seen from outside. */
    private Reply await(Kind kind, FailoverRequest order, ClusterView before, Settings settings)
            throws InterruptedException {
        long seconds = 2 * Math.max(10, settings.loopWait().toSeconds());
        for (long second = 0; second < seconds; second++) {
            desk.pause(POLL);
            Optional<ClusterView> now = desk.read();
            Optional<String> leader = now.flatMap(HandoverApi::leader);
            if (leader.isPresent() && !leader.equals(leader(before))) {
                boolean asAsked = order.candidate().map(leader.get()::equals).orElse(true);
                return Reply.text(
                        200,
                        asAsked
                                ? "Successfully %s to \"%s\"".formatted(kind.done, leader.get())
                                : "%s to \"%s\" instead of \"%s\""
                                        .formatted(
                                                kind.doneTitle,
                                                leader.get(),
                                                order.candidate().get()));
            }
            boolean emptied = now.map(
                            c -> c.failover().map(r -> r.value().isEmpty()).orElse(true))
                    .orElse(false);
            if (emptied && leader.equals(leader(before)) && leader.isPresent()) {
                return Reply.text(503, kind.title + " failed");
            }
        }
        return Reply.text(
                503,
                "%s status unknown after %d seconds; operation may still be in progress"
                        .formatted(kind.title, seconds));
    }

    /** Takes a scheduled switchover back. */
    Reply cancel() {
        Optional<ClusterView> cluster = desk.read();
        if (cluster.isEmpty()) {
            return Reply.text(503, "the store did not answer");
        }
        Optional<Versioned<FailoverRequest>> scheduled =
                cluster.get().failover().filter(r -> r.value().scheduledAt().isPresent());
        if (scheduled.isEmpty()) {
            return Reply.text(404, "no switchover is scheduled");
        }
        return switch (desk.cancel(scheduled.get().version())) {
            case WRITTEN -> Reply.text(200, "scheduled switchover deleted");
            case CHANGED_MEANWHILE ->
                Reply.text(409, "the scheduled switchover was changed or done meanwhile and is left as it is now");
            case FAILED -> Reply.text(503, "failed to write failover key into DCS");
        };
    }

    private static Optional<String> text(Map<String, Object> fields, String key) {
        return Optional.ofNullable(fields.get(key)).map(Object::toString).filter(value -> !value.isEmpty());
    }

    /** As it goes into a line of the log: one line, whatever was sent. */
    private static String printable(Optional<String> value) {
        String text = value.orElse("None").replaceAll("\\p{Cntrl}", "?");
        return text.length() > 100 ? text.substring(0, 100) + "…" : text;
    }
}
