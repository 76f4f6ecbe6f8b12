package org.pgregent.core.cluster;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.pgregent.core.decide.Action.StatusUpdate;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.ClusterView.LeaderView;
import org.pgregent.core.model.DynamicConfig;
import org.pgregent.core.model.FailoverRequest;
import org.pgregent.core.model.HistoryEntry;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.MemberView;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.StatusView;
import org.pgregent.core.model.Timeline;
import org.pgregent.core.model.Versioned;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.DcsSnapshot.Entry;

/** Maps the cluster's keys below one base path to views, and updates to what is written. Pure. */
public final class ClusterLayout {

    /** What we publish as the version of the contract that we keep; others derive behaviour from it. */
    public static final String CONTRACT_VERSION = "4.1.5";

    private final String base;

    /** @param basePath such as {@code /service/main} */
    public ClusterLayout(String basePath) {
        String collapsed = ("/" + basePath).replaceAll("/+", "/");
        this.base = collapsed.endsWith("/") ? collapsed.substring(0, collapsed.length() - 1) : collapsed;
    }

    public String base() {
        return base;
    }

    public String leader() {
        return base + "/leader";
    }

    public String initialize() {
        return base + "/initialize";
    }

    public String config() {
        return base + "/config";
    }

    public String status() {
        return base + "/status";
    }

    public String history() {
        return base + "/history";
    }

    public String failover() {
        return base + "/failover";
    }

    public String member(NodeName name) {
        return base + "/members/" + name.value();
    }

    /** The keys whose change is worth a pass. Nobody watches members or status: they change all the time. */
    public Set<String> wakingKeys() {
        return Set.of(leader(), initialize(), config(), failover());
    }

    /** @param readNanos when the read was about to be sent, on this node's monotonic clock */
    public ClusterView parse(DcsSnapshot snapshot, long readNanos) {
        return new ClusterView(
                true,
                readNanos,
                Optional.empty(),
                text(snapshot, initialize()),
                snapshot.get(config())
                        .map(e -> new Versioned<>(
                                new DynamicConfig(Json.object(e.text()).orElse(Map.of())), version(e))),
                snapshot.get(leader())
                        .filter(e -> isName(e.text()))
                        .map(e -> new LeaderView(new NodeName(e.text()), e.leaseId(), version(e))),
                members(snapshot),
                status(snapshot),
                snapshot.get(failover()).map(e -> new Versioned<>(parseFailover(e.text()), version(e))),
                text(snapshot, base + "/sync"),
                text(snapshot, base + "/failsafe"),
                snapshot.get(history()).map(e -> new Versioned<>(parseHistory(e.text()), version(e))));
    }

    private static boolean isName(String text) {
        return !text.isEmpty() && text.indexOf('/') < 0;
    }

    private static Optional<Versioned<String>> text(DcsSnapshot snapshot, String key) {
        return snapshot.get(key).map(e -> new Versioned<>(e.text(), version(e)));
    }

    private static String version(Entry entry) {
        return entry.version().token();
    }

    private List<MemberView> members(DcsSnapshot snapshot) {
        String prefix = base + "/members/";
        List<MemberView> members = new ArrayList<>();
        snapshot.entries().forEach((key, entry) -> {
            if (key.startsWith(prefix) && isName(key.substring(prefix.length()))) {
                members.add(new MemberView(
                        new NodeName(key.substring(prefix.length())),
                        Json.object(entry.text()).orElseGet(() -> legacyMember(entry.text())),
                        entry.leaseId(),
                        version(entry)));
            }
        });
        return members;
    }

    /** Very old agents publish one URL, with the REST address as its application_name. */
    private static Map<String, Object> legacyMember(String text) {
        Map<String, Object> fields = new LinkedHashMap<>();
        int query = text.indexOf("?application_name=");
        if (text.startsWith("postgres") && query > 0) {
            fields.put("conn_url", text.substring(0, query));
            fields.put("api_url", text.substring(query + "?application_name=".length()));
        }
        return fields;
    }

    /** Old agents write the position alone, under another key. */
    private Optional<Versioned<StatusView>> status(DcsSnapshot snapshot) {
        Optional<Entry> entry = snapshot.get(status());
        if (entry.isPresent()) {
            return Json.object(entry.get().text())
                    .map(fields -> new Versioned<>(new StatusView(fields), version(entry.get())));
        }
        return snapshot.get(base + "/optime/leader")
                .filter(e -> e.text().matches("[0-9]{1,19}"))
                .map(e -> new Versioned<>(
                        new StatusView(Map.of("optime", Long.parseUnsignedLong(e.text()))), NO_STATUS_KEY));
    }

    /** Stands where a view has no key of its own that a write could be tied to. */
    private static final String NO_STATUS_KEY = "";

    private static List<HistoryEntry> parseHistory(String text) {
        List<HistoryEntry> entries = new ArrayList<>();
        for (Object line : Json.array(text).orElse(List.of())) {
            if (line instanceof List<?> fields
                    && fields.size() >= 3
                    && fields.get(0) instanceof Number timeline
                    && timeline.longValue() >= 1
                    && fields.get(1) instanceof Number lsn) {
                entries.add(new HistoryEntry(
                        new Timeline(timeline.longValue()),
                        new Lsn(lsn.longValue()),
                        String.valueOf(fields.get(2)),
                        fields.size() > 3 ? Optional.of(String.valueOf(fields.get(3))) : Optional.empty(),
                        fields.size() > 4 ? Optional.of(String.valueOf(fields.get(4))) : Optional.empty()));
            }
        }
        return entries;
    }

    /** A plain {@code a:b} is what old tools write: leader and candidate. Anything else that is no object asks for nothing. */
    private static FailoverRequest parseFailover(String text) {
        Optional<Map<String, Object>> fields = Json.object(text);
        if (fields.isPresent()) {
            return new FailoverRequest(
                    text(fields.get(), "leader"), text(fields.get(), "member"), text(fields.get(), "scheduled_at"));
        }
        int colon = text.indexOf(':');
        return colon < 0 || text.startsWith("{") || text.startsWith("[") || text.startsWith("\"")
                ? FailoverRequest.NONE
                : new FailoverRequest(
                        name(text.substring(0, colon)), name(text.substring(colon + 1)), Optional.empty());
    }

    private static Optional<String> text(Map<String, Object> fields, String key) {
        return Optional.ofNullable(fields.get(key)).map(Object::toString).flatMap(ClusterLayout::name);
    }

    private static Optional<String> name(String text) {
        return Optional.of(text.strip()).filter(s -> !s.isEmpty());
    }

    /** What is not asked for is left out, so that nothing asked for is an empty object. */
    public byte[] renderFailover(FailoverRequest request) {
        Map<String, Object> fields = new LinkedHashMap<>();
        request.leader().ifPresent(name -> fields.put("leader", name));
        request.candidate().ifPresent(name -> fields.put("member", name));
        request.scheduledAt().ifPresent(at -> fields.put("scheduled_at", at));
        return Json.write(fields);
    }

    public byte[] renderHistory(List<HistoryEntry> entries) {
        List<List<Object>> lines = new ArrayList<>();
        for (HistoryEntry entry : entries) {
            List<Object> line = new ArrayList<>();
            line.add(entry.timeline().number());
            line.add(entry.switchPoint().bytes());
            line.add(entry.reason());
            entry.timestamp().ifPresent(line::add);
            entry.newLeader().ifPresent(line::add);
            lines.add(line);
        }
        return Json.write(lines);
    }

    /** What the update says, then what was there and we do not know; slots and retain_slots stay when the update has none. */
    public byte[] renderStatus(StatusUpdate update, Optional<StatusView> previous) {
        Map<String, Object> fields = new LinkedHashMap<>();
        update.optime().ifPresent(lsn -> fields.put("optime", lsn.bytes()));
        if (!update.slots().isEmpty()) {
            Map<String, Object> slots = new LinkedHashMap<>();
            update.slots().forEach((name, lsn) -> slots.put(name, lsn.bytes()));
            fields.put("slots", slots);
        }
        if (!update.retainSlots().isEmpty()) {
            fields.put("retain_slots", update.retainSlots());
        }
        previous.ifPresent(p -> p.fields().forEach(fields::putIfAbsent));
        return Json.write(fields);
    }

    public byte[] renderObject(Map<String, Object> fields) {
        return Json.write(fields);
    }

    public byte[] renderText(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
