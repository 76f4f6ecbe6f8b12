package org.pgregent.launcher.demo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.pgregent.launcher.Json;

/** Asks a local cluster's agents and servers; who does not answer is simply absent. */
public final class AgentClient {

    private static final Duration TIMEOUT = Duration.ofSeconds(2);

    private final LocalCluster cluster;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(TIMEOUT).build();

    public AgentClient(LocalCluster cluster) {
        this.cluster = cluster;
    }

    /** A member as {@code /cluster} shows it. */
    public record Member(String name, String role, String state, Optional<Long> timeline, Optional<Long> lag) {
        public boolean leads() {
            return role.equals("leader");
        }

        public boolean streams() {
            return state.equals("streaming");
        }
    }

    /** The status code; empty if nobody answered. */
    public Optional<Integer> status(LocalNode node, String path) throws InterruptedException {
        return get(node, path).map(HttpResponse::statusCode);
    }

    public Optional<Map<String, Object>> document(LocalNode node, String path) throws InterruptedException {
        return get(node, path).flatMap(response -> Json.object(response.body()));
    }

    private Optional<HttpResponse<String>> get(LocalNode node, String path) throws InterruptedException {
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create(node.url(path)))
                    .timeout(TIMEOUT)
                    .build();
            return Optional.of(http.send(request, BodyHandlers.ofString()));
        } catch (IOException nobodyThere) {
            return Optional.empty();
        }
    }

    /** From the first agent that could read the store. */
    public Optional<Map<String, Member>> members() throws InterruptedException {
        for (LocalNode node : cluster.nodes()) {
            Optional<Map<String, Object>> document = document(node, "/cluster");
            if (document.isPresent() && document.get().get("members") instanceof List<?> list) {
                Map<String, Member> members = new LinkedHashMap<>();
                list.forEach(item -> {
                    if (item instanceof Map<?, ?> map) {
                        Member member = member(map);
                        members.put(member.name(), member);
                    }
                });
                return Optional.of(members);
            }
        }
        return Optional.empty();
    }

    private static Member member(Map<?, ?> map) {
        return new Member(
                String.valueOf(map.get("name")),
                String.valueOf(map.get("role")),
                String.valueOf(map.get("state")),
                map.get("timeline") instanceof Number n ? Optional.of(n.longValue()) : Optional.empty(),
                map.get("lag") instanceof Number n ? Optional.of(n.longValue()) : Optional.empty());
    }

    /** Whoever holds the leader key; empty if nobody does or the store could not be read. */
    public Optional<LocalNode> leader() throws InterruptedException {
        return members().flatMap(all -> all.values().stream()
                .filter(Member::leads)
                .findFirst()
                .map(member -> cluster.node(member.name())));
    }

    /** What the node decided last and why. */
    public Optional<String> because(LocalNode node) throws InterruptedException {
        return document(node, "/regent/explain")
                .map(document -> document.get("decision"))
                .map(decision -> decision instanceof Map<?, ?> map ? String.valueOf(map.get("because")) : "");
    }

    /** Straight to the node's PostgreSQL, as superuser, each wait limited. */
    public Connection connect(LocalNode node) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", LocalConfig.SUPERUSER);
        properties.setProperty("password", cluster.password());
        properties.setProperty("connectTimeout", "2");
        properties.setProperty("loginTimeout", "2");
        properties.setProperty("socketTimeout", "5");
        properties.setProperty("ApplicationName", "regent demo");
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + node.postgresPort() + "/postgres", properties);
    }
}
