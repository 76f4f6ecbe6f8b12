package org.pgregent.launcher.rest;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.pgregent.core.model.Conversions;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.Tags;

/**
 * Which health check is answered with 200, which with 503. Pure.
 *
 * <p>A path is matched by what it contains, the first match counts; load balancers in the field rely on it. Synchronous modes
 * and standby clusters come with later versions: nobody is a synchronous standby or a standby leader here.
 */
final class HealthRules {

    static final int OK = 200;
    static final int UNAVAILABLE = 503;

    private HealthRules() {}

    static int status(String path, Map<String, String> query, NodeStatus node) {
        if (path.contains("standby_leader") || path.contains("standby-leader")) {
            return UNAVAILABLE;
        }
        if (path.contains("leader")) {
            return code(isLeader(node));
        }
        if (path.equals("/")
                || path.isEmpty()
                || path.contains("master")
                || path.contains("primary")
                || path.contains("read-write")) {
            return code(isLeader(node));
        }
        return code(matches(path, query, node) && tagsMatch(query, node));
    }

    private static boolean matches(String path, Map<String, String> query, NodeStatus node) {
        if (path.contains("replica")) {
            return isReplica(query, node);
        }
        if (path.contains("read-only") && !path.contains("sync") && !path.contains("quorum")) {
            return isLeader(node) || isReplica(query, node);
        }
        if (path.contains("health")) {
            return node.isRunning();
        }
        return switch (path) {
            case "/async", "/asynchronous" -> isReplica(query, node);
            case "/read-only-quorum", "/read-only-sync", "/read-only-synchronous" -> isLeader(node);
            default -> false;
        };
    }

    /** The role is not asked: who leads and is still being promoted already takes the clients. */
    private static boolean isLeader(NodeStatus node) {
        if (!node.storeFresh() && node.paused()) {
            return node.role().equals("primary");
        }
        return node.lock();
    }

    private static boolean isReplica(Map<String, String> query, NodeStatus node) {
        boolean standby = node.role().equals("replica") && node.isRunning();
        boolean wantedState = Optional.ofNullable(query.get("replication_state"))
                .map(node.postgres().replicationState().orElse("")::equals)
                .orElse(true);
        return standby && wantedState && !new Tags(node.tags()).noLoadBalance() && !isLagging(query.get("lag"), node);
    }

    private static boolean isLagging(String allowed, NodeStatus node) {
        Optional<Long> bytes = Optional.ofNullable(allowed).flatMap(text -> Conversions.integer(text, "B"));
        return bytes.isPresent()
                && !node.leaderPosition().isZero()
                && node.replayed().behind(node.leaderPosition()) > bytes.get();
    }

    private static boolean tagsMatch(Map<String, String> query, NodeStatus node) {
        return query.entrySet().stream()
                .filter(asked -> asked.getKey().startsWith("tag_"))
                .allMatch(asked -> asked.getValue()
                        .equals(text(node.tags().get(asked.getKey().substring("tag_".length())))));
    }

    private static String text(Object tag) {
        if (tag == null) {
            return null;
        }
        return tag instanceof String text ? text : tag.toString().toLowerCase(Locale.ROOT);
    }

    static int liveness(NodeStatus node) {
        return code(node.alive());
    }

    /** Whether a rolling update may go on to the next node: this one leads, or streams close behind. */
    static int readiness(Map<String, String> query, NodeStatus node) {
        if (node.lock()) {
            return OK;
        }
        boolean streams = node.isRunning() && node.postgres().isStreaming();
        boolean leaderKnown =
                node.storeFresh() || node.postgres().wal().latestEnd().isPresent();
        if (!streams || !leaderKnown) {
            return UNAVAILABLE;
        }
        long allowed = Optional.ofNullable(query.get("lag"))
                .flatMap(text -> Conversions.integer(text, "B"))
                .orElse(node.maximumLag());
        Lsn position = "write".equals(query.get("mode")) ? node.received() : node.replayed();
        return code(position.behind(node.leaderPosition()) <= allowed);
    }

    private static int code(boolean well) {
        return well ? OK : UNAVAILABLE;
    }
}
