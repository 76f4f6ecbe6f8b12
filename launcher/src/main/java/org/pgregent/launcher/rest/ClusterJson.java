package org.pgregent.launcher.rest;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.Conversions;
import org.pgregent.core.model.HistoryEntry;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.MemberView;
import org.pgregent.core.model.Upstream;
import org.pgregent.core.model.Versioned;

/** The documents about the whole cluster. Pure. */
final class ClusterJson {

    private static final List<String> COPIED =
            List.of("timeline", "pending_restart", "pending_restart_reason", "scheduled_restart", "tags");

    private ClusterJson() {}

    static Map<String, Object> of(ClusterView cluster, String scope) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put(
                "members",
                cluster.members().stream()
                        .sorted(Comparator.comparing(MemberView::name))
                        .map(member -> member(member, cluster))
                        .toList());
        if (isPaused(cluster)) {
            json.put("pause", true);
        }
        scheduledSwitchover(cluster).ifPresent(plan -> json.put("scheduled_switchover", plan));
        json.put("scope", scope);
        return json;
    }

    private static boolean isPaused(ClusterView cluster) {
        return cluster.config()
                .map(config -> config.value().document().get("pause"))
                .flatMap(Conversions::bool)
                .orElse(false);
    }

    private static Map<String, Object> member(MemberView member, ClusterView cluster) {
        boolean leads =
                cluster.leader().map(l -> l.name().equals(member.name())).orElse(false);
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", member.name().value());
        json.put("role", leads ? "leader" : "replica");
        json.put("state", leads ? member.state() : member.replicationState().orElse(member.state()));
        member.apiUrl().ifPresent(url -> json.put("api_url", url));
        Optional<Upstream> address = member.asUpstream();
        address.ifPresent(at -> {
            json.put("host", at.host());
            json.put("port", at.port());
        });
        COPIED.stream()
                .filter(member.fields()::containsKey)
                .forEach(key -> json.put(key, member.fields().get(key)));
        if (!leads) {
            Lsn leader = cluster.optime().orElse(Lsn.ZERO);
            position(json, "receive_", member.received(), leader);
            position(json, "replay_", member.replayed(), leader);
            position(json, "", member.position(), leader);
        }
        return json;
    }

    /** The order differs with and without a position, as others send it. */
    private static void position(Map<String, Object> json, String prefix, Optional<Lsn> position, Lsn leader) {
        if (position.isPresent()) {
            json.put(prefix + "lag", position.get().behind(leader));
            json.put(prefix + "lsn", position.get().toString());
        } else {
            json.put(prefix + "lsn", "unknown");
            json.put(prefix + "lag", "unknown");
        }
    }

    private static Optional<Map<String, Object>> scheduledSwitchover(ClusterView cluster) {
        return cluster.failover()
                .map(Versioned::value)
                .filter(request -> request.scheduledAt().isPresent())
                .map(request -> {
                    Map<String, Object> plan = new LinkedHashMap<>();
                    plan.put("at", request.scheduledAt().get());
                    request.leader().ifPresent(from -> plan.put("from", from));
                    request.candidate().ifPresent(to -> plan.put("to", to));
                    return plan;
                });
    }

    static List<Object> history(ClusterView cluster) {
        List<Object> lines = new ArrayList<>();
        for (HistoryEntry entry : cluster.history().map(Versioned::value).orElse(List.of())) {
            List<Object> line = new ArrayList<>(
                    List.of(entry.timeline().number(), entry.switchPoint().bytes(), entry.reason()));
            entry.timestamp().ifPresent(line::add);
            entry.newLeader().ifPresent(line::add);
            lines.add(line);
        }
        return lines;
    }
}
