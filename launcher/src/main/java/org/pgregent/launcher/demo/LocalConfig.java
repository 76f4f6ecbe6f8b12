package org.pgregent.launcher.demo;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes the configuration of a {@link LocalCluster}'s members: everything on the loopback, a quorum of their own. */
final class LocalConfig {

    static final String SUPERUSER = "postgres";

    private LocalConfig() {}

    /** How fast, and with which password. All in seconds. */
    record Shape(String scope, Timers timers, String password) {}

    /** @param minimumTtl what the members accept */
    record Timers(int ttl, int loopWait, int retryTimeout, int minimumTtl) {}

    static Map<String, Object> of(LocalNode node, List<LocalNode> all, Shape shape) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("scope", shape.scope());
        config.put("name", node.name());
        config.put("restapi", Map.of("listen", "127.0.0.1:" + node.restPort()));
        Map<String, Object> servers = new LinkedHashMap<>();
        for (LocalNode each : all) {
            LocalNode.QuorumPorts ports = each.quorum();
            servers.put(
                    String.valueOf(each.number()),
                    "127.0.0.1:" + ports.peer() + ":" + ports.election() + ":" + ports.client());
        }
        config.put(
                "zookeeper",
                Map.of(
                        "embedded",
                        ordered(
                                "id",
                                node.number(),
                                "data_dir",
                                node.folder().resolve("quorum").toString(),
                                "secret",
                                shape.password() + "-quorum",
                                "servers",
                                servers)));
        config.put(
                "regent",
                ordered(
                        "state_dir",
                        node.stateDir().toString(),
                        "minimum_ttl",
                        shape.timers().minimumTtl()));
        config.put("bootstrap", bootstrap(shape));
        config.put("postgresql", postgresql(node, shape));
        return config;
    }

    private static Map<String, Object> bootstrap(Shape shape) {
        Map<String, Object> dcs = ordered(
                "ttl", shape.timers().ttl(),
                "loop_wait", shape.timers().loopWait(),
                "retry_timeout", shape.timers().retryTimeout(),
                "postgresql", ordered("use_pg_rewind", true, "parameters", ordered("max_connections", 50)));
        List<Object> hba = new ArrayList<>(List.of(
                "host all all 127.0.0.1/32 scram-sha-256", "host replication replicator 127.0.0.1/32 scram-sha-256"));
        return ordered("dcs", dcs, "initdb", List.of("data-checksums", Map.of("encoding", "UTF8")), "pg_hba", hba);
    }

    private static Map<String, Object> postgresql(LocalNode node, Shape shape) {
        return ordered(
                "listen", "127.0.0.1:" + node.postgresPort(),
                "connect_address", "127.0.0.1:" + node.postgresPort(),
                "data_dir", node.dataDir().toString(),
                "pgpass", node.folder().resolve("pgpass.agent").toString(),
                "authentication",
                        ordered(
                                "superuser", ordered("username", SUPERUSER, "password", shape.password()),
                                "replication", ordered("username", "replicator", "password", shape.password())),
                "parameters",
                        ordered(
                                "shared_buffers",
                                "16MB",
                                "unix_socket_directories",
                                node.folder().toString()));
    }

    private static Map<String, Object> ordered(Object... keysAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }
}
