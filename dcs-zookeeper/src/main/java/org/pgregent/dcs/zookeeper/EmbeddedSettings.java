package org.pgregent.dcs.zookeeper;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.ACL;
import org.pgregent.dcs.spi.DcsRefusedException;

/**
 * The part {@code embedded} of the configuration: the servers the agents run in themselves.
 *
 * @param id which of the servers is this agent's
 * @param secret shared by all agents; without it anybody who reaches the ports may read and write
 * @param serversVersion grows with each change of the list of servers
 * @param tls how servers and clients encrypt what they say to each other; empty for not at all
 */
record EmbeddedSettings(
        int id,
        Path dataDir,
        Path logDir,
        Optional<String> secret,
        SortedMap<Integer, Server> servers,
        long serversVersion,
        Duration tick,
        Optional<TlsSettings> tls) {

    private static final Set<String> KNOWN = Set.of(
            "id",
            "data_dir",
            "log_dir",
            "secret",
            "servers",
            "servers_version",
            "tick_time",
            "cacert",
            "cert",
            "key",
            "key_password");
    private static final Duration DEFAULT_TICK = Duration.ofMillis(500);
    private static final int SECRET_LENGTH_MIN = 16;
    private static final int ID_MAX = 254;

    /** One server: {@code peer} for the agreement, {@code election} for votes, {@code client} for the agents. */
    record Server(HostPort peer, HostPort election, HostPort client) {

        static Server parse(String text) {
            String[] parts = text.trim().split(":(?![^\\[]*])");
            if (parts.length != 4) {
                throw new IllegalArgumentException("it needs a host and three ports");
            }
            return new Server(
                    HostPort.parse(parts[0] + ":" + parts[1]),
                    HostPort.parse(parts[0] + ":" + parts[2]),
                    HostPort.parse(parts[0] + ":" + parts[3]));
        }

        /** As ZooKeeper's own configuration has it. All addresses are named, so nothing listens anywhere else. */
        String line(String role, boolean withClient) {
            String host = peer.host().indexOf(':') >= 0 ? "[" + peer.host() + "]" : peer.host();
            return host + ":" + peer.port() + ":" + election.port() + ":" + role
                    + (withClient ? ";" + host + ":" + client.port() : "");
        }
    }

    EmbeddedSettings {
        servers = Collections.unmodifiableSortedMap(new TreeMap<>(servers));
    }

    static Optional<EmbeddedSettings> parse(String section, Map<String, Object> settings) throws DcsRefusedException {
        Object value = settings.get("embedded");
        if (value == null) {
            return Optional.empty();
        }
        String at = section + ".embedded";
        if (!(value instanceof Map<?, ?> map)) {
            throw refused(at, "is no map", "give id, data_dir, secret and servers below it");
        }
        Refusals refusals = new Refusals();
        for (Object key : map.keySet()) {
            if (!KNOWN.contains(String.valueOf(key))) {
                refusals.add(refused(
                        at + "." + key,
                        "is not known",
                        "known are " + KNOWN.stream().sorted().toList()));
            }
        }
        SortedMap<Integer, Server> servers = refusals.tried(() -> servers(at + ".servers", map.get("servers")))
                .orElse(Collections.emptySortedMap());
        Optional<Integer> id = refusals.tried(() -> id(at + ".id", map.get("id")));
        if (id.isPresent() && !servers.isEmpty() && !servers.containsKey(id.get())) {
            refusals.add(refused(
                    at + ".id",
                    "is " + id.get() + ", which is not among the servers " + servers.keySet(),
                    "add it there"));
        }
        Optional<Path> dataDir = refusals.tried(() -> folder(at + ".data_dir", map.get("data_dir")));
        Optional<Path> logDir = map.get("log_dir") == null
                ? dataDir
                : refusals.tried(() -> folder(at + ".log_dir", map.get("log_dir")));
        Optional<Optional<String>> secret = refusals.tried(() -> secret(at, map.get("secret"), servers));
        Optional<Long> version = refusals.tried(() -> version(at + ".servers_version", map.get("servers_version")));
        Optional<Duration> tick = refusals.tried(() -> map.get("tick_time") == null
                ? DEFAULT_TICK
                : ZooKeeperSettings.millis(at + ".tick_time", map.get("tick_time")));
        Optional<Optional<TlsSettings>> tls = refusals.tried(() -> tls(at, map));
        refusals.throwIfAny();
        return Optional.of(new EmbeddedSettings(
                id.orElseThrow(),
                dataDir.orElseThrow(),
                logDir.orElseThrow(),
                secret.orElseThrow(),
                servers,
                version.orElseThrow(),
                tick.orElseThrow(),
                tls.orElseThrow()));
    }

    private static long version(String at, Object value) throws DcsRefusedException {
        if (value == null) {
            return 1;
        }
        try {
            long version = Long.parseLong(String.valueOf(value));
            if (version >= 1) {
                return version;
            }
        } catch (NumberFormatException e) {
            throw refused(at, "is '" + value + "'", "write a whole number, one more with each change of the list");
        }
        throw refused(at, "is " + value, "begin with 1 and write one more with each change of the list");
    }

    /** All three or none: a server shows itself to its clients and to the others, and each has to know whom to believe. */
    private static Optional<TlsSettings> tls(String at, Map<?, ?> map) throws DcsRefusedException {
        if (map.get("cert") == null && map.get("cacert") == null && map.get("key") == null) {
            return Optional.empty();
        }
        TlsSettings tls = TlsSettings.parse(at, map);
        if (tls.files().trusted().isEmpty()) {
            throw refused(at + ".cacert", "is missing", "name the authority that signed all agents' certificates");
        }
        if (tls.files().certificates().isEmpty()) {
            throw refused(at + ".cert", "is missing", "name this agent's certificate, for servers and clients");
        }
        return Optional.of(tls);
    }

    private static SortedMap<Integer, Server> servers(String at, Object value) throws DcsRefusedException {
        if (!(value instanceof Map<?, ?> map) || map.isEmpty()) {
            throw refused(
                    at, "is missing or no map", "write id: \"host:peerPort:electionPort:clientPort\" for each agent");
        }
        SortedMap<Integer, Server> servers = new TreeMap<>();
        Set<HostPort> used = new HashSet<>();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            int id = id(at, entry.getKey());
            try {
                servers.put(id, Server.parse(String.valueOf(entry.getValue())));
            } catch (IllegalArgumentException e) {
                throw refused(
                        at + "." + id,
                        "is '" + entry.getValue() + "': " + e.getMessage(),
                        "write \"host:peerPort:electionPort:clientPort\"");
            }
            Server server = servers.get(id);
            for (HostPort each : List.of(server.peer, server.election, server.client)) {
                if (!used.add(each)) {
                    throw refused(
                            at + "." + id,
                            "is '" + entry.getValue() + "', and " + each + " is there twice",
                            "give each server three ports of its own");
                }
            }
        }
        return servers;
    }

    private static int id(String at, Object value) throws DcsRefusedException {
        if (value == null) {
            throw refused(at, "is missing", "write which of the servers is this agent's");
        }
        try {
            int id = Integer.parseInt(String.valueOf(value));
            if (id >= 1 && id <= ID_MAX) {
                return id;
            }
        } catch (NumberFormatException e) {
            throw refused(at, "has the id '" + value + "'", "write a whole number from 1 to " + ID_MAX);
        }
        throw refused(at, "has the id " + value, "write a whole number from 1 to " + ID_MAX);
    }

    private static Path folder(String at, Object value) throws DcsRefusedException {
        if (value == null || String.valueOf(value).isBlank()) {
            throw refused(at, "is missing", "name a folder that only the agent may read");
        }
        try {
            return Path.of(String.valueOf(value));
        } catch (InvalidPathException e) {
            throw refused(at, "is '" + value + "', which is no path", "name a folder that only the agent may read");
        }
    }

    private static Optional<String> secret(String at, Object value, SortedMap<Integer, Server> servers)
            throws DcsRefusedException {
        if (value == null) {
            for (Server server : servers.values()) {
                if (!server.peer.isLoopback()) {
                    throw refused(
                            at + ".secret",
                            "is missing, though " + server.peer.host() + " can be reached from other hosts",
                            "set the same secret of at least " + SECRET_LENGTH_MIN + " characters on all agents");
                }
            }
            return Optional.empty();
        }
        String secret = String.valueOf(value);
        if (secret.length() < SECRET_LENGTH_MIN) {
            throw refused(
                    at + ".secret",
                    "has " + secret.length() + " characters",
                    "take at least " + SECRET_LENGTH_MIN + ", best by chance");
        }
        return Optional.of(secret);
    }

    Server own() {
        return servers.get(id);
    }

    /** One of the servers in ZooKeeper's words. A port for clients in TLS is no part of them. */
    String line(int of, String role) {
        return servers.get(of).line(role, tls.isEmpty());
    }

    /** Our own server first: it needs no network. */
    List<HostPort> clientHosts() {
        List<HostPort> hosts = new ArrayList<>();
        hosts.add(own().client);
        servers.tailMap(id + 1).values().forEach(server -> hosts.add(server.client));
        servers.headMap(id).values().forEach(server -> hosts.add(server.client));
        return hosts;
    }

    Map<String, byte[]> clientAuth() {
        return secret.map(given ->
                        Map.of("digest", ("pgregent:" + derived(given, "client")).getBytes(StandardCharsets.UTF_8)))
                .orElse(Map.of());
    }

    List<ACL> clientAcls() {
        return secret.isPresent() ? ZooDefs.Ids.CREATOR_ALL_ACL : ZooDefs.Ids.OPEN_ACL_UNSAFE;
    }

    Optional<String> peerPassword() {
        return secret.map(given -> derived(given, "peer"));
    }

    /**
     * For changing the list of servers, which ZooKeeper allows to nobody else. Without a secret everybody may do everything, so
     * there is nothing to hide.
     */
    String adminPassword() {
        return derived(secret.orElse("none"), "admin");
    }

    Optional<StoreTls> tlsFiles(String name) {
        return tls.map(given -> new StoreTls(given, dataDir, name));
    }

    /** A password of its own for each use: who learns one of them, such as from a client's line, has not got the others. */
    private static String derived(String secret, String use) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return HexFormat.of()
                    .formatHex(mac.doFinal(("pgregent zookeeper " + use).getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HmacSHA256", e);
        }
    }

    private static DcsRefusedException refused(String key, String what, String remedy) {
        return ZooKeeperSettings.refused(key, what, remedy);
    }

    /** Without the secret: this is what ends up in logs. */
    @Override
    public String toString() {
        return "embedded server " + id + " of " + servers;
    }
}
