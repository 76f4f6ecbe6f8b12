package org.pgregent.launcher.rest;

import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.pgregent.core.agent.LocalNode;
import org.pgregent.core.agent.StatusBoard;
import org.pgregent.core.agent.StatusBoard.Pass;
import org.pgregent.core.cluster.ClusterLayout;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.port.Clock;
import org.pgregent.core.port.Postgres;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.launcher.Json;
import org.pgregent.launcher.RestConfig;

/** What each request is answered with; knows nothing of the HTTP server. Safe for use by many threads. */
public final class RestApi {

    private static final Duration STORE_TIMEOUT = Duration.ofSeconds(3);
    private static final Set<String> WITHOUT_BODY = Set.of("liveness", "readiness");
    private static final String JSON = "application/json";
    private static final String TEXT = "text/html";

    /** @param type empty when there is no body */
    record Reply(int status, String type, String body) {
        static Reply json(int status, Object document) {
            return new Reply(status, JSON, Json.write(document));
        }

        static Reply text(int status, String text) {
            return new Reply(status, TEXT, text);
        }

        static Reply page(int status, String reason) {
            String title = status + " " + reason;
            return new Reply(
                    status,
                    "text/html;charset=utf-8",
                    "<!DOCTYPE html><html><head><title>" + title + "</title></head><body><h1>" + title
                            + "</h1></body></html>");
        }

        static Reply bare(int status) {
            return new Reply(status, "", "");
        }
    }

    private final LocalNode local;
    private final StatusBoard board;
    private final Dcs dcs;
    private final Clock clock;
    private final ClusterLayout layout;
    private final FreshLook postgres;
    private final long startedNanos;
    private final Access access;
    private final ChangeApi changes;

    public RestApi(
            LocalNode local,
            StatusBoard board,
            Dcs dcs,
            Postgres postgres,
            Clock clock,
            HandoverApi handovers,
            ConfigApi configuration,
            RestConfig config) {
        this.access =
                new Access(() -> board.last().map(Pass::cluster), config.credentials(), config.allowUnauthenticated());
        this.changes = new ChangeApi(access, handovers, configuration);
        this.local = local;
        this.board = board;
        this.dcs = dcs;
        this.clock = clock;
        this.layout = new ClusterLayout(local.basePath());
        this.postgres = new FreshLook(postgres, board, clock);
        this.startedNanos = clock.monotonicNanos();
    }

    ChangeApi changes() {
        return changes;
    }

    /** @param query first value of each key, without blank ones */
    Reply answer(String method, String path, Map<String, String> query, InetAddress from) {
        return switch (method) {
            case "GET" -> get(path, query, from);
            // Only the health check is run for these, whatever the path.
            case "HEAD", "OPTIONS" -> Reply.bare(HealthRules.status(path, query, status()));
            default -> Reply.text(501, ChangeApi.notYet(method));
        };
    }

    /** The first part of a path. */
    static String firstOf(String path) {
        return path.split("/", -1).length > 1 ? path.split("/", -1)[1] : "";
    }

    private Reply get(String path, Map<String, String> query, InetAddress from) {
        String first = firstOf(path);
        if (WITHOUT_BODY.contains(first)) {
            NodeStatus node = status();
            return Reply.bare(
                    first.equals("liveness") ? HealthRules.liveness(node) : HealthRules.readiness(query, node));
        }
        return switch (first) {
            case "patroni" -> Reply.json(200, StatusJson.of(status()));
            case "cluster" ->
                cluster()
                        .map(view -> Reply.json(200, ClusterJson.of(view, local.scope())))
                        .orElseGet(RestApi::noStore);
            case "history" ->
                latest().map(view -> Reply.json(200, ClusterJson.history(view))).orElseGet(RestApi::noStore);
            case "config" -> latest().map(RestApi::config).orElseGet(RestApi::noStore);
            case "failsafe" ->
                latest().flatMap(ClusterView::failsafe)
                        .flatMap(value -> Json.object(value.value()))
                        .map(members -> Reply.json(200, members))
                        .orElseGet(() -> Reply.text(502, "the failsafe key is not there, for failsafe_mode is not on"));
            case "metrics" -> Reply.text(501, "metrics come with a later version of pgregent");
            case "regent" -> own(path, from);
            default -> {
                NodeStatus node = status();
                yield Reply.json(HealthRules.status(path, query, node), StatusJson.of(node));
            }
        };
    }

    private static Reply config(ClusterView cluster) {
        return cluster.config()
                .map(config -> config.value().document())
                .filter(document -> !document.isEmpty())
                .map(document -> Reply.json(200, document))
                .orElseGet(() -> Reply.text(502, "the cluster has no configuration yet"));
    }

    private static Reply noStore() {
        return Reply.text(503, "the store did not answer");
    }

    private Reply own(String path, InetAddress from) {
        if (!path.equals("/regent/explain")) {
            return Reply.text(404, "there is only /regent/explain");
        }
        if (!access.isNear(from)) {
            return Reply.text(403, "Access is denied: only this host and the cluster's members may ask this");
        }
        return Reply.json(200, ExplainJson.of(status(), board.last(), board.changes()));
    }

    private NodeStatus status() {
        return NodeStatus.of(local, board.last(), postgres.look(), clock.monotonicNanos(), clock.wall(), startedNanos);
    }

    /** As it is now. */
    private Optional<ClusterView> cluster() {
        try {
            long before = clock.monotonicNanos();
            return Optional.of(layout.parse(dcs.readAll(layout.base(), STORE_TIMEOUT), before));
        } catch (DcsException e) {
            return Optional.empty();
        }
    }

    /** As it is now, or was when last seen: configuration and history change rarely. */
    private Optional<ClusterView> latest() {
        return cluster().or(() -> board.last().map(Pass::cluster).filter(view -> view.readNanos() != 0));
    }

    static Map<String, String> query(String raw) {
        Map<String, String> query = new LinkedHashMap<>();
        if (raw == null) {
            return query;
        }
        for (String pair : raw.split("&")) {
            int equals = pair.indexOf('=');
            if (equals > 0 && equals < pair.length() - 1) {
                query.putIfAbsent(decode(pair.substring(0, equals)), decode(pair.substring(equals + 1)));
            }
        }
        return query;
    }

    private static String decode(String text) {
        try {
            return java.net.URLDecoder.decode(text, java.nio.charset.StandardCharsets.UTF_8);
        } catch (IllegalArgumentException notEncoded) {
            return text;
        }
    }
}
