package org.pgregent.core.decide;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.DynamicConfig;
import org.pgregent.core.model.FailoverRequest;
import org.pgregent.core.model.GuardView;
import org.pgregent.core.model.HistoryEntry;
import org.pgregent.core.model.LeaseView;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.MemberView;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.NodeView;
import org.pgregent.core.model.Now;
import org.pgregent.core.model.PeerAnswers;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.SafeTimes;
import org.pgregent.core.model.Settings;
import org.pgregent.core.model.StatusView;
import org.pgregent.core.model.SystemId;
import org.pgregent.core.model.Tags;
import org.pgregent.core.model.TaskKind;
import org.pgregent.core.model.TaskView;
import org.pgregent.core.model.Timeline;
import org.pgregent.core.model.Upstream;
import org.pgregent.core.model.Versioned;

/**
 * A situation written as text, a line per input:
 *
 * <pre>
 * cluster leader=n2 init=ID optime=100 history=1/n2   (or: away; leader=NAME/other: on a lease that is not ours)
 *         failover=n1/n2@+60s                         (leader/candidate, each may be missing; @: scheduled, in so long)
 * member n2 primary lsn=100 tl=2                      (state=… tags=nofailover,clonefrom no-checkpoint)
 * node replica lsn=90 tl=1 lease=15s guard=armed      (lease=none|lost|TIME left before D - B; guard=absent|idle|armed)
 * settings pause use_pg_rewind ttl=30
 * memory led leaderless=3s verdict=n2/2/DIVERGED failed=CLONE asked=5s/n2 handover=STOP/80 handedOver=1s tookIt
 * peers asked=1s n3=100/1 n2=unreachable n4=primary
 * </pre>
 */
final class Scenario {

    static final String ID = "7710461402056691073";
    static final String OTHER_ID = "7710461402056690000";
    private static final long NOW = Duration.ofHours(1).toNanos();
    private static final String LEASE = "lease-1";

    private final Map<String, Object> config = new LinkedHashMap<>();
    private final List<MemberView> members = new ArrayList<>();
    private Words cluster = new Words("");
    private Words node = new Words("stopped");
    private Words memory = new Words("");
    private Words peers = new Words("");

    /** The words of a line: {@code name=value}, or bare. */
    private static final class Words {
        private final Map<String, String> words = new LinkedHashMap<>();

        Words(String line) {
            for (String word : line.trim().split("\\s+")) {
                int eq = word.indexOf('=');
                words.put(eq < 0 ? word : word.substring(0, eq), eq < 0 ? "" : word.substring(eq + 1));
            }
        }

        boolean has(String word) {
            return words.containsKey(word);
        }

        Optional<String> get(String word) {
            return Optional.ofNullable(words.get(word));
        }

        Optional<Long> number(String word) {
            return get(word).map(Long::parseLong);
        }

        Optional<Duration> time(String word) {
            return get(word).map(Scenario::seconds);
        }
    }

    private static Duration seconds(String text) {
        return Duration.ofMillis(Math.round(Double.parseDouble(text.replace("s", "")) * 1000));
    }

    static Scenario parse(List<String> lines) {
        Scenario scenario = new Scenario();
        scenario.config.put("ttl", 30);
        for (String line : lines) {
            String key = line.split("\\s+", 2)[0];
            String rest = line.substring(key.length());
            switch (key) {
                case "cluster" -> scenario.cluster = new Words(rest);
                case "member" -> scenario.members.add(member(rest.trim()));
                case "node" -> scenario.node = new Words(rest);
                case "settings" -> scenario.settings(new Words(rest));
                case "memory" -> scenario.memory = new Words(rest);
                case "peers" -> scenario.peers = new Words(rest);
                default -> throw new IllegalArgumentException("not understood: " + line);
            }
        }
        return scenario;
    }

    Decision decide(Decider decider) {
        Settings settings = Settings.from(new DynamicConfig(config), Duration.ofSeconds(20));
        Now now = new Now(NOW, WALL, 0);
        return decider.decide(clusterView(), nodeView(settings), settings, now, memoryNow());
    }

    private void settings(Words words) {
        Map<String, Object> postgresql = new LinkedHashMap<>();
        words.words.forEach((name, value) -> {
            Object given = value.isEmpty() ? Boolean.TRUE : value;
            if (name.startsWith("use_") || name.startsWith("remove_")) {
                postgresql.put(name, given);
            } else if (name.equals("standby_cluster")) {
                config.put(name, Map.of("host", "far"));
            } else if (name.equals("slots")) {
                config.put(name, Map.of("perm", Map.of("type", "physical")));
            } else {
                config.put(name.equals("pause") ? "pause" : name, given);
            }
        });
        config.put("postgresql", postgresql);
    }

    private static MemberView member(String line) {
        Words w = new Words(line);
        String name = w.words.keySet().iterator().next();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("conn_url", "postgres://" + name + ":5432/postgres");
        fields.put("api_url", "http://" + name + ":8008/patroni");
        fields.put("state", w.get("state").orElse("running").replace('_', ' '));
        fields.put("role", w.has("primary") ? "primary" : w.has("uninitialized") ? "uninitialized" : "replica");
        if (w.has("no-checkpoint")) {
            fields.put("checkpoint_after_promote", false);
        }
        w.get("tags").ifPresent(t -> fields.put("tags", tags(t)));
        w.number("lsn").ifPresent(l -> fields.put("xlog_location", l));
        w.number("tl").ifPresent(t -> fields.put("timeline", t));
        return new MemberView(new NodeName(name), fields, Optional.of("lease-" + name), "v-" + name);
    }

    private static Map<String, Object> tags(String list) {
        Map<String, Object> tags = new LinkedHashMap<>();
        for (String tag : list.split(",")) {
            String[] pair = tag.split(":");
            tags.put(pair[0], pair.length > 1 ? pair[1] : Boolean.TRUE);
        }
        return tags;
    }

    private ClusterView clusterView() {
        ClusterView view = new ClusterView(
                true,
                NOW,
                Optional.empty(),
                initialize(),
                cluster.has("no-config")
                        ? Optional.empty()
                        : Optional.of(new Versioned<>(new DynamicConfig(config), "v-config")),
                cluster.get("leader").map(Scenario::leader),
                members,
                cluster.number("optime").map(o -> new Versioned<>(new StatusView(Map.of("optime", o)), "v-status")),
                cluster.get("failover").map(Scenario::failover),
                Optional.empty(),
                Optional.empty(),
                cluster.get("history").map(Scenario::history));
        return cluster.has("away") ? view.unreachable("the store does not answer") : view;
    }

    private Optional<Versioned<String>> initialize() {
        return switch (cluster.get("init").orElse("mine")) {
            case "none" -> Optional.empty();
            case "empty" -> Optional.of(new Versioned<>("", "v-init"));
            case "other" -> Optional.of(new Versioned<>(OTHER_ID, "v-init"));
            default -> Optional.of(new Versioned<>(ID, "v-init"));
        };
    }

    private static ClusterView.LeaderView leader(String text) {
        boolean foreign = text.endsWith("/other");
        String name = text.replace("/other", "");
        return new ClusterView.LeaderView(
                new NodeName(name), Optional.of(foreign || !name.equals("n1") ? "lease-9" : LEASE), "v-leader");
    }

    private static final Instant WALL = Instant.parse("2026-11-21T03:29:42.720806Z");

    /** {@code n1/n2@+60s}: n1 is to hand over to n2, in a minute. */
    private static Versioned<FailoverRequest> failover(String text) {
        String[] parts = text.split("@", 2);
        String[] names = parts[0].split("/", 2);
        Optional<String> at = parts.length < 2
                ? Optional.empty()
                : Optional.of(
                        parts[1].startsWith("+") || parts[1].startsWith("-")
                                ? WALL.plus(seconds(parts[1])).toString()
                                : parts[1]);
        return new Versioned<>(
                new FailoverRequest(
                        Optional.of(names[0]).filter(n -> !n.isEmpty()),
                        Optional.of(names[1]).filter(n -> !n.isEmpty()),
                        at),
                "v-failover");
    }

    /** {@code 2/n3}: two switches, the last one to n3. */
    private static Versioned<List<HistoryEntry>> history(String text) {
        String[] parts = text.split("/", 2);
        long last = Long.parseLong(parts[0]);
        List<HistoryEntry> entries = new ArrayList<>();
        for (long i = 1; i <= last; i++) {
            entries.add(new HistoryEntry(
                    new Timeline(i),
                    new Lsn(i * 50),
                    "no recovery target specified",
                    Optional.empty(),
                    i == last && parts.length == 2 ? Optional.of(parts[1]) : Optional.empty()));
        }
        return new Versioned<>(entries, "v-history");
    }

    private NodeView nodeView(Settings settings) {
        PostgresView pg = postgres(settings);
        return new NodeView(
                new NodeName("n1"),
                node.get("tags").map(t -> new Tags(tags(t))).orElse(Tags.NONE),
                !node.has("no-bootstrap"),
                pg,
                lease(),
                guard(),
                task(),
                peerAnswers(),
                node.has("promotion-asked"),
                node.has("claim") ? Optional.of("v-init") : Optional.empty(),
                node.has("shutdown"));
    }

    private PostgresView postgres(Settings settings) {
        PostgresView.DataDir dir = PostgresView.DataDir.PRESENT;
        for (PostgresView.DataDir d : PostgresView.DataDir.values()) {
            dir = node.has(d.name().toLowerCase(java.util.Locale.ROOT)) ? d : dir;
        }
        boolean primary = node.has("primary");
        boolean replica = node.has("replica");
        PostgresView.Process process = primary || replica || node.has("running")
                ? PostgresView.Process.RUNNING
                : node.has("starting") ? PostgresView.Process.STARTING : PostgresView.Process.STOPPED;
        Optional<Timeline> timeline = node.number("tl").map(Timeline::new);
        Lsn lsn = new Lsn(node.number("lsn").orElse(100L));
        PostgresView.Wal wal = primary
                ? PostgresView.Wal.ofPrimary(lsn, timeline.orElse(new Timeline(1)))
                : replica
                        ? new PostgresView.Wal(
                                Optional.empty(),
                                Optional.of(lsn),
                                Optional.of(lsn),
                                node.has("no-timeline")
                                        ? Optional.empty()
                                        : timeline.or(() -> Optional.of(new Timeline(1))),
                                Optional.empty(),
                                false,
                                Optional.empty())
                        : PostgresView.Wal.UNKNOWN;
        boolean data = dir == PostgresView.DataDir.PRESENT;
        return new PostgresView(
                dir,
                process,
                primary
                        ? Optional.of(org.pgregent.core.model.Role.PRIMARY)
                        : replica ? Optional.of(org.pgregent.core.model.Role.REPLICA) : Optional.empty(),
                node.has("signal") || replica,
                Optional.empty(),
                wal,
                data && !node.has("unread") ? Optional.of(control(timeline)) : Optional.empty(),
                node.get("upstream").map(u -> new Upstream(new NodeName(u), u, 5432, "postgres")),
                node.has("streaming") ? Optional.of("streaming") : Optional.empty(),
                List.of(),
                slots(),
                List.of(),
                Map.of(),
                node.has("unconfigured")
                        ? Optional.empty()
                        : Optional.of(settings.postgres().fingerprint()),
                Optional.empty(),
                OptionalInt.of(150018),
                Optional.empty());
    }

    private List<PostgresView.Slot> slots() {
        List<PostgresView.Slot> slots = new ArrayList<>();
        for (String name : node.get("slots").orElse("").split(",")) {
            if (!name.isEmpty()) {
                slots.add(new PostgresView.Slot(name, true, true, Optional.of(new Lsn(90)), false, false, false));
            }
        }
        return slots;
    }

    private PostgresView.Control control(Optional<Timeline> timeline) {
        String state = node.get("control")
                .orElse(node.has("replica") ? "in archive recovery" : "in production")
                .replace('_', ' ');
        Timeline checkpointed =
                node.number("control-tl").map(Timeline::new).or(() -> timeline).orElse(new Timeline(1));
        boolean standby = state.contains("recovery");
        return new PostgresView.Control(
                new SystemId(ID),
                state,
                new Lsn(80),
                checkpointed,
                standby ? Optional.of(new Lsn(90)) : Optional.empty(),
                standby ? Optional.of(checkpointed) : Optional.empty(),
                node.has("rewindable"));
    }

    private LeaseView lease() {
        String given = node.get("lease").orElse("15s");
        if (given.equals("none") || given.equals("lost")) {
            return new LeaseView(
                    Optional.empty(), Optional.empty(), Optional.empty(), given.equals("lost"), Optional.empty());
        }
        SafeTimes times = SafeTimes.of(Duration.ofSeconds(29));
        long stopAt = NOW + seconds(given).toNanos();
        long renewed = stopAt + times.stopMargin().toNanos() - times.safeTtl().toNanos();
        return new LeaseView(Optional.of(LEASE), Optional.of(times), Optional.of(renewed), false, Optional.empty());
    }

    private GuardView guard() {
        return switch (node.get("guard").orElse("armed")) {
            case "absent" -> GuardView.ABSENT;
            case "idle" -> new GuardView(true, Optional.empty());
            case "late" ->
                new GuardView(true, Optional.of(NOW + Duration.ofSeconds(2).toNanos()));
            default ->
                new GuardView(
                        true,
                        lease().deadlineNanos()
                                .or(() ->
                                        Optional.of(NOW + Duration.ofSeconds(10).toNanos())));
        };
    }

    private Optional<TaskView> task() {
        return node.get("task").map(text -> {
            String[] parts = text.split("/");
            TaskView.Phase phase = parts.length > 1 ? TaskView.Phase.valueOf(parts[1]) : TaskView.Phase.RUNNING;
            return new TaskView(
                    1,
                    TaskKind.valueOf(parts[0]),
                    phase,
                    NOW,
                    phase == TaskView.Phase.RUNNING ? Optional.empty() : Optional.of(NOW),
                    phase == TaskView.Phase.FAILED ? Optional.of("it broke") : Optional.empty(),
                    parts.length > 2 ? Optional.of(TaskView.Divergence.valueOf(parts[2])) : Optional.empty());
        });
    }

    private PeerAnswers peerAnswers() {
        List<PeerAnswers.PeerAnswer> answers = new ArrayList<>();
        peers.words.forEach((name, text) -> {
            if (text.equals("unreachable")) {
                answers.add(PeerAnswers.PeerAnswer.unreachable(new NodeName(name)));
            } else if (name.startsWith("n") && !text.isEmpty()) {
                String[] parts = text.split("/");
                answers.add(new PeerAnswers.PeerAnswer(
                        new NodeName(name),
                        true,
                        text.equals("primary"),
                        text.equals("primary") ? Optional.empty() : Optional.of(new Lsn(Long.parseLong(parts[0]))),
                        parts.length > 1 ? Optional.of(new Timeline(Long.parseLong(parts[1]))) : Optional.empty(),
                        parts.length > 2 ? new Tags(tags(parts[2])) : Tags.NONE,
                        false));
            }
        });
        return new PeerAnswers(peers.time("asked").map(d -> NOW - d.toNanos()), peers.has("pending"), answers);
    }

    private Memory memoryNow() {
        Memory.Draft draft = Memory.startingAt(NOW
                        - memory.time("started").orElse(Duration.ofMinutes(5)).toNanos())
                .change();
        draft.lastKept(NOW - memory.time("kept").orElse(Duration.ofSeconds(1)).toNanos());
        memory.get("asked").ifPresent(text -> {
            String[] parts = text.split("/");
            draft.request(Optional.of(new Memory.SeenRequest(
                    "v-failover",
                    NOW - seconds(parts[0]).toNanos(),
                    parts.length > 1 ? Optional.of(new NodeName(parts[1])) : Optional.empty())));
        });
        memory.get("handover").ifPresent(text -> {
            String[] parts = text.split("/");
            draft.handover(Optional.of(new Memory.Handover(
                    "v-failover",
                    Memory.Handover.Phase.valueOf(parts[0]),
                    NOW - seconds(parts.length > 2 ? parts[2] : "1s").toNanos(),
                    parts.length > 1 ? Optional.of(new Lsn(Long.parseLong(parts[1]))) : Optional.empty())));
        });
        draft.handedOver(memory.time("handedOver").map(d -> NOW - d.toNanos()));
        draft.tookFor(memory.has("tookIt") ? Optional.of("v-failover") : Optional.empty());
        if (memory.has("led")) {
            draft.leadsOn(Optional.of(LEASE));
        }
        if (memory.has("known")) {
            draft.knownSystem(new SystemId(ID));
        }
        draft.mustStop(memory.has("mustStop")).outageStopped(memory.has("outageStopped"));
        draft.leaderlessSince(memory.time("leaderless").map(d -> NOW - d.toNanos()));
        draft.brokenSince(memory.time("broken").map(d -> NOW - d.toNanos()));
        draft.guardTried(memory.time("guardTried").map(d -> NOW - d.toNanos()));
        draft.noRaceUntil(memory.time("resting").map(d -> NOW + d.toNanos()));
        memory.time("idleClaim")
                .ifPresent(d -> draft.idleClaim(Optional.of(new Memory.IdleClaim("v-init", NOW - d.toNanos()))));
        memory.get("verdict").ifPresent(text -> {
            String[] parts = text.split("/");
            draft.verdict(Optional.of(new Memory.Verdict(
                    new Memory.Rival(new NodeName(parts[0]), Optional.of(new Timeline(Long.parseLong(parts[1])))),
                    TaskView.Divergence.valueOf(parts[2]))));
        });
        for (String kind : memory.get("failed").orElse("").split(",")) {
            if (!kind.isEmpty()) {
                String[] parts = kind.split("\\*");
                int times = parts.length > 1 ? Integer.parseInt(parts[1]) : 1;
                draft.failure(TaskKind.valueOf(parts[0]), new Memory.Failure(times, NOW, "it broke"));
            }
        }
        memory.get("ending").ifPresent(draft::ending);
        draft.slotsSeen(new TreeMap<>());
        return draft.done();
    }
}
