package org.pgregent.dcs.consul;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.testkit.FreePorts;
import org.pgregent.dcs.testkit.ServerProcess;
import org.pgregent.dcs.testkit.TestCertificates;

/**
 * Consul for tests: one server, or several that make a quorum, on loopback and on the disk of the test. They grant sessions from one
 * second on and elect as fast as they can. {@link #close} leaves none behind.
 */
public final class ConsulServer implements AutoCloseable {

    public static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int ATTEMPTS = 3;

    /**
     * @param count servers
     * @param authority if present they speak HTTPS only, with a certificate of it
     * @param name whom the certificate is for, as OpenSSL writes it
     * @param clientCertificates whoever asks must show one too
     * @param token if present nobody may do anything without it
     */
    public record Options(
            int count,
            Optional<TestCertificates> authority,
            String name,
            boolean clientCertificates,
            Optional<String> token) {

        public static Options plain(int count) {
            return new Options(count, Optional.empty(), "", false, Optional.empty());
        }

        public static Options tls(TestCertificates authority, String name, boolean clientCertificates) {
            return new Options(1, Optional.of(authority), name, clientCertificates, Optional.empty());
        }

        public static Options acl(String token) {
            return new Options(1, Optional.empty(), "", false, Optional.of(token));
        }
    }

    private record Ports(int http, int server, int serf) {}

    private final Path folder;
    private final Options options;
    private final List<Ports> ports = new ArrayList<>();
    private final List<Optional<ServerProcess>> processes = new ArrayList<>();

    private ConsulServer(Path folder, Options options) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.options = options;
        List<Integer> free = FreePorts.take(3 * options.count);
        for (int i = 0; i < options.count; i++) {
            ports.add(new Ports(free.get(3 * i), free.get(3 * i + 1), free.get(3 * i + 2)));
            processes.add(Optional.empty());
            writeConfiguration(i);
        }
    }

    /** One server that serves already. */
    public static ConsulServer start(Path folder) throws Exception {
        return start(folder, Options.plain(1));
    }

    /** Returns when all of them serve. */
    public static ConsulServer start(Path folder, Options options) throws Exception {
        for (int attempt = 1; ; attempt++) {
            ConsulServer started = new ConsulServer(folder.resolve("attempt" + attempt), options);
            try {
                started.startAll();
                started.awaitServing();
                return started;
            } catch (IllegalStateException e) {
                started.close();
                // A port that was free may be taken by somebody else before the server takes it.
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            } catch (Exception e) {
                started.close();
                throw e;
            }
        }
    }

    private void writeConfiguration(int i) throws IOException {
        Ports own = ports.get(i);
        StringBuilder json = new StringBuilder("{\"server\":true,\"bootstrap_expect\":" + options.count);
        json.append(",\"node_name\":\"s").append(i + 1).append('"');
        json.append(",\"data_dir\":\"").append(folder.resolve("data" + (i + 1))).append('"');
        json.append(",\"bind_addr\":\"127.0.0.1\",\"client_addr\":\"127.0.0.1\"");
        boolean tls = options.authority.isPresent();
        json.append(",\"ports\":{\"dns\":-1,\"grpc\":-1,\"serf_wan\":-1");
        json.append(",\"http\":")
                .append(tls ? -1 : own.http)
                .append(",\"https\":")
                .append(tls ? own.http : -1);
        json.append(",\"server\":")
                .append(own.server)
                .append(",\"serf_lan\":")
                .append(own.serf)
                .append('}');
        json.append(",\"session_ttl_min\":\"1s\",\"performance\":{\"raft_multiplier\":1}");
        json.append(",\"autopilot\":{\"cleanup_dead_servers\":false},\"disable_update_check\":true");
        json.append(",\"retry_interval\":\"1s\",\"retry_join\":[");
        json.append(String.join(
                ",",
                // Not itself: having joined one, it would stop trying, and know no other server.
                ports.stream()
                        .filter(p -> !p.equals(own))
                        .map(p -> "\"127.0.0.1:" + p.serf + "\"")
                        .toList()));
        json.append("],\"log_level\":\"INFO\"");
        if (tls) {
            TestCertificates.Issued issued = options.authority.get().issue("consul", options.name);
            json.append(",\"ca_file\":\"").append(options.authority.get().ca()).append('"');
            json.append(",\"cert_file\":\"").append(issued.certificate()).append('"');
            json.append(",\"key_file\":\"").append(issued.key()).append('"');
            json.append(",\"verify_incoming_https\":").append(options.clientCertificates);
        }
        options.token.ifPresent(token -> json.append(",\"acl\":{\"enabled\":true,\"default_policy\":\"deny\","
                + "\"tokens\":{\"master\":\"" + token + "\",\"agent\":\"" + token + "\"}}"));
        Files.writeString(
                folder.resolve("s" + (i + 1) + ".json"), json.append("}").toString());
    }

    public int count() {
        return options.count;
    }

    public int port(int i) {
        return ports.get(i).http;
    }

    public ServerProcess process(int i) {
        return processes.get(i).orElseThrow();
    }

    /** The section of the configuration that leads to this server; whoever wants TLS adds whom to trust. */
    public Map<String, Object> section(int i) {
        Map<String, Object> section = new HashMap<>();
        section.put("host", "127.0.0.1:" + port(i));
        section.put("scheme", options.authority.isPresent() ? "https" : "http");
        options.authority.ifPresent(
                authority -> section.put("cacert", authority.ca().toString()));
        options.token.ifPresent(token -> section.put("token", token));
        return section;
    }

    public Dcs connect(int i, String node, Duration ttl) throws DcsException {
        return connect(section(i), node, ttl);
    }

    public Dcs connect(Map<String, Object> section, String node, Duration ttl) throws DcsException {
        return new ConsulProvider().connect(new DcsConfig("consul", section, node, folder, ttl));
    }

    public void start(int i) throws IOException {
        processes.set(
                i,
                Optional.of(ServerProcess.start(
                        "s" + (i + 1),
                        folder,
                        List.of("consul", "agent", "-config-file=" + folder.resolve("s" + (i + 1) + ".json")))));
    }

    public void startAll() throws IOException {
        for (int i = 0; i < options.count; i++) {
            start(i);
        }
    }

    public void kill(int i) throws InterruptedException {
        process(i).kill();
    }

    public void killAll() throws InterruptedException {
        for (int i = 0; i < options.count; i++) {
            kill(i);
        }
    }

    /** Until each server answers what only a leader with a majority can answer. */
    public void awaitServing() throws Exception {
        Map<String, Object> section = new HashMap<>();
        for (int i = 0; i < options.count; i++) {
            section.putAll(section(i));
            if (options.clientCertificates) {
                TestCertificates.Issued issued = options.authority.orElseThrow().issue("probe");
                section.put("cert", issued.certificate().toString());
                section.put("key", issued.key().toString());
            }
            section.put("verify", false);
            awaitServing(i, section);
        }
    }

    private void awaitServing(int i, Map<String, Object> section) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        try (Dcs dcs = connect(section, "probe", Duration.ofSeconds(20))) {
            while (true) {
                try {
                    dcs.readAll("/probe", Duration.ofSeconds(2));
                    return;
                } catch (DcsException notYet) {
                    // Before the first election no token is known.
                    boolean forGood = notYet instanceof DcsRefusedException && options.token.isEmpty();
                    if (forGood || System.nanoTime() > end || !allAlive()) {
                        throw new IllegalStateException("consul " + (i + 1) + " does not serve:\n" + logs(), notYet);
                    }
                    TimeUnit.MILLISECONDS.sleep(50);
                }
            }
        }
    }

    private boolean allAlive() {
        return processes.stream().allMatch(process -> process.orElseThrow().alive());
    }

    private String logs() throws IOException {
        StringBuilder logs = new StringBuilder();
        for (Optional<ServerProcess> process : processes) {
            logs.append(process.orElseThrow().log()).append('\n');
        }
        return logs.toString();
    }

    /** The one that leads the others, as it says itself. */
    public int leader() throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < end) {
            for (int i = 0; i < options.count; i++) {
                if (leads(i)) {
                    return i;
                }
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        throw new IllegalStateException("no server leads");
    }

    private boolean leads(int i) throws IOException {
        ConsulSettings settings;
        try {
            settings = ConsulSettings.parse("consul", section(i));
        } catch (DcsException e) {
            throw new IOException(e);
        }
        try (ConsulHttp http = new ConsulHttp(settings)) {
            ConsulHttp.Answer answer = http.get("/v1/status/leader", Deadline.in(Duration.ofMillis(500)));
            return answer.body().contains("127.0.0.1:" + ports.get(i).server + "\"");
        } catch (DcsException silent) {
            return false;
        }
    }

    @Override
    public void close() {
        processes.forEach(process -> process.ifPresent(ServerProcess::close));
    }
}
