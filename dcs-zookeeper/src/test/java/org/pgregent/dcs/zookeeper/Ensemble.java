package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;

/** Embedded servers, each in a process of its own, on ports of the loopback interface that were free just before. */
final class Ensemble implements AutoCloseable {

    static final String SECRET = "a secret for tests only";
    static final Duration PATIENCE = Duration.ofSeconds(40);

    private final Path folder;
    private final Optional<String> secret;
    private final List<String> servers;
    private final Map<Integer, Process> processes = new HashMap<>();

    Ensemble(int size, Optional<String> secret) throws IOException {
        this.folder = Files.createTempDirectory("pgregent-zk");
        this.secret = secret;
        this.servers = addresses(size);
    }

    private static List<String> addresses(int size) throws IOException {
        List<ServerSocket> held = new ArrayList<>();
        try {
            List<String> addresses = new ArrayList<>();
            for (int i = 0; i < size; i++) {
                StringBuilder text = new StringBuilder("127.0.0.1");
                for (int port = 0; port < 3; port++) {
                    ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                    held.add(socket);
                    text.append(':').append(socket.getLocalPort());
                }
                addresses.add(text.toString());
            }
            return addresses;
        } finally {
            for (ServerSocket socket : held) {
                socket.close();
            }
        }
    }

    List<String> servers() {
        return servers;
    }

    int size() {
        return servers.size();
    }

    HostPort client(int id) {
        return EmbeddedSettings.Server.parse(servers.get(id - 1)).client();
    }

    Path folder() {
        return folder;
    }

    void startAll() throws IOException {
        for (int id = 1; id <= servers.size(); id++) {
            start(id);
        }
    }

    void start(int id) throws IOException {
        start(id, secret.orElse("-"));
    }

    void start(int id, String ownSecret) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx64m",
                "-Xss512k",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                PeerMain.class.getName(),
                Integer.toString(id),
                folder.resolve("peer" + id).toString(),
                ownSecret));
        command.addAll(servers);
        processes.put(
                id,
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(
                                folder.resolve("peer" + id + ".log").toFile()))
                        .start());
    }

    String log(int id) throws IOException {
        return Files.readString(folder.resolve("peer" + id + ".log"));
    }

    long pid(int id) {
        return processes.get(id).pid();
    }

    /** As kill -9 does. */
    void kill(int id) throws InterruptedException {
        processes.get(id).destroyForcibly().waitFor();
    }

    void killAll() throws InterruptedException {
        for (Process process : processes.values()) {
            process.destroyForcibly();
        }
        for (Process process : processes.values()) {
            process.waitFor();
        }
    }

    void signal(String name, int id) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(pid(id))).start();
        if (kill.waitFor() != 0) {
            throw new IOException("no signal " + name + " to server " + id);
        }
    }

    void signalAll(String name) throws IOException, InterruptedException {
        for (int id = 1; id <= servers.size(); id++) {
            signal(name, id);
        }
    }

    ServerStatus status(int id) {
        return ServerStatus.of(client(id), Duration.ofSeconds(1));
    }

    void awaitServing(int... ids) throws InterruptedException {
        for (int id : ids) {
            await("server " + id + " serves", () -> status(id) == ServerStatus.SERVING);
        }
    }

    void awaitAllServing() throws InterruptedException {
        for (int id = 1; id <= servers.size(); id++) {
            awaitServing(id);
        }
    }

    interface Question {
        boolean ask() throws DcsException, IOException;
    }

    static void await(String what, Question question) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        Exception last = null;
        while (System.nanoTime() - end < 0) {
            try {
                if (question.ask()) {
                    return;
                }
            } catch (DcsException | IOException notYet) {
                last = notYet;
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        throw new AssertionError("not within " + PATIENCE + ": " + what, last);
    }

    /** A client of all servers, or of those named. */
    Dcs connect(String node, Duration ttl, int... ids) throws DcsException, IOException {
        List<HostPort> hosts = new ArrayList<>();
        if (ids.length == 0) {
            for (int id = 1; id <= servers.size(); id++) {
                hosts.add(client(id));
            }
        }
        for (int id : ids) {
            hosts.add(client(id));
        }
        return new ZooKeeperDcs(settings(hosts), stateDir(node), ttl, () -> {});
    }

    ZooKeeperSettings settings(List<HostPort> hosts) throws DcsException {
        Map<Integer, String> all = new HashMap<>();
        for (int id = 1; id <= servers.size(); id++) {
            all.put(id, servers.get(id - 1));
        }
        Map<String, Object> embedded = new HashMap<>(Map.of("id", 1, "data_dir", folder.toString(), "servers", all));
        secret.ifPresent(text -> embedded.put("secret", text));
        Map<String, Object> section = Map.of("embedded", embedded);
        ZooKeeperSettings parsed =
                ZooKeeperSettings.parse("zookeeper", section, EmbeddedSettings.parse("zookeeper", section));
        return new ZooKeeperSettings(
                parsed.section(), hosts, parsed.authData(), parsed.acls(), parsed.tick(), parsed.ownsTree());
    }

    Path stateDir(String node) throws IOException {
        return Files.createDirectories(folder.resolve("state-" + node));
    }

    /** A client that does not know the secret. */
    Dcs connectAsStranger(Duration ttl) throws DcsException, IOException {
        return new ZooKeeperProvider()
                .connect(new DcsConfig(
                        "zookeeper",
                        Map.of("hosts", client(1).toString(), "tick_time", 500),
                        "stranger",
                        stateDir("stranger"),
                        ttl));
    }

    @Override
    public void close() throws IOException {
        try {
            killAll();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try (Stream<Path> all = Files.walk(folder)) {
            all.sorted(Comparator.reverseOrder()).forEach(path -> {
                try {
                    Files.delete(path);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
