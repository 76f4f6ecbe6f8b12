package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.net.ssl.SSLSocket;
import org.apache.zookeeper.KeeperException;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.testkit.FreePorts;
import org.pgregent.dcs.testkit.ServerProcess;
import org.pgregent.dcs.testkit.TestCertificates;

/** Embedded servers, each in a process of its own, on ports of the loopback interface that were free just before. */
final class Ensemble implements AutoCloseable {

    static final String SECRET = "a secret for tests only";
    static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Path folder;
    private final Optional<String> secret;
    private final List<String> servers;
    private final Map<Integer, Map<String, String>> lists = new HashMap<>();
    private final Map<String, TestCertificates.Issued> certificates = new HashMap<>();
    private Optional<TestCertificates> authority = Optional.empty();
    private Optional<StoreTls> clientTls = Optional.empty();
    private final Map<Integer, Process> processes = new HashMap<>();

    Ensemble(int size, Optional<String> secret) throws IOException {
        this.folder = Files.createTempDirectory("pgregent-zk");
        this.secret = secret;
        this.servers = new ArrayList<>(addresses(size));
    }

    private static List<String> addresses(int size) throws IOException {
        List<Integer> ports = FreePorts.take(3 * size);
        List<String> addresses = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            addresses.add("127.0.0.1:%d:%d:%d".formatted(ports.get(3 * i), ports.get(3 * i + 1), ports.get(3 * i + 2)));
        }
        return addresses;
    }

    /** Servers and clients speak in TLS, each server with a certificate of its own. Before the start. */
    Ensemble withTls() throws IOException, DcsException {
        authority = Optional.of(TestCertificates.in(folder.resolve("tls")));
        clientTls = Optional.of(new StoreTls(TlsSettings.parse("zookeeper", tls("client")), folder, "client"));
        return this;
    }

    TestCertificates authority() {
        return authority.orElseThrow();
    }

    /** The address of one more server; returns its id. It is in nobody's configuration yet. */
    int another() throws IOException {
        servers.addAll(addresses(1));
        return servers.size();
    }

    /** What the configuration of a server says of all servers, from its next start on. */
    void configure(int id, long version, int... listed) {
        Map<String, String> list = new TreeMap<>();
        list.put("servers_version", Long.toString(version));
        for (int each : listed) {
            list.put("servers." + each, servers.get(each - 1));
        }
        lists.put(id, list);
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
                configuration(id, ownSecret).toString()));
        processes.put(
                id,
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(
                                folder.resolve("peer" + id + ".log").toFile()))
                        .start());
    }

    private Path configuration(int id, String ownSecret) throws IOException {
        if (!lists.containsKey(id)) {
            configure(id, 1, IntStream.rangeClosed(1, servers.size()).toArray());
        }
        Properties properties = new Properties();
        properties.setProperty("id", Integer.toString(id));
        properties.setProperty("data_dir", folder.resolve("peer" + id).toString());
        if (!ownSecret.equals("-")) {
            properties.setProperty("secret", ownSecret);
        }
        properties.putAll(lists.get(id));
        properties.putAll(tls("peer" + id));
        Path file = folder.resolve("peer" + id + ".conf");
        try (Writer writer = Files.newBufferedWriter(file)) {
            properties.store(writer, null);
        }
        return file;
    }

    /** What a server shows from its next start on. */
    void certify(int id, TestCertificates.Issued issued) {
        certificates.put("peer" + id, issued);
    }

    /** Another certificate and key in the files of a server that runs; returns the new one. */
    Certificate renew(int id) throws IOException, CertificateException {
        TestCertificates.Issued next = authority().issue("next" + id, "IP:127.0.0.1");
        TestCertificates.Issued present = certificates.get("peer" + id);
        Files.copy(next.key(), present.key(), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(next.certificate(), present.certificate(), StandardCopyOption.REPLACE_EXISTING);
        try (InputStream in = Files.newInputStream(next.certificate())) {
            return CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    /** What a server shows to whoever connects there. */
    Certificate shown(HostPort port) throws IOException {
        try (SSLSocket socket = clientTls.orElseThrow().connect(port, 2000)) {
            return socket.getSession().getPeerCertificates()[0];
        }
    }

    /** The keys of the section that concern TLS; none without TLS. */
    private Map<String, String> tls(String name) throws IOException {
        if (authority.isEmpty()) {
            return Map.of();
        }
        if (!certificates.containsKey(name)) {
            certificates.put(name, authority.get().issue(name, "IP:127.0.0.1"));
        }
        TestCertificates.Issued issued = certificates.get(name);
        return Map.of(
                "cacert",
                authority.get().ca().toString(),
                "cert",
                issued.certificate().toString(),
                "key",
                issued.key().toString());
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
        if (name.equals("STOP")) {
            ServerProcess.awaitStopped(pid(id));
        }
    }

    void signalAll(String name) throws IOException, InterruptedException {
        for (int id = 1; id <= servers.size(); id++) {
            signal(name, id);
        }
    }

    ServerStatus status(int id) {
        return ServerStatus.of(client(id), clientTls, Duration.ofSeconds(1));
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

    /** Whom this server counts as the quorum, by the answer it gives to a client. */
    Set<Integer> quorum(int id) throws DcsException, IOException, InterruptedException {
        Map<String, Object> embedded = new HashMap<>(
                Map.of("id", id, "data_dir", folder.toString(), "servers", Map.of(id, servers.get(id - 1))));
        secret.ifPresent(text -> embedded.put("secret", text));
        EmbeddedSettings settings = EmbeddedSettings.parse("zookeeper", Map.of("embedded", embedded))
                .orElseThrow();
        try (QuorumClient client =
                QuorumClient.connect(settings, clientTls, List.of(client(id)), Duration.ofSeconds(5))) {
            return client.view().voters();
        } catch (KeeperException e) {
            throw new IOException(e);
        }
    }

    /** All of them serve, and count themselves and nobody else. */
    void awaitQuorum(Integer... ids) throws InterruptedException {
        for (int id : ids) {
            awaitServing(id);
            await("server " + id + " counts the quorum " + List.of(ids), () -> quorum(id)
                    .equals(Set.of(ids)));
        }
    }

    interface Question {
        boolean ask() throws DcsException, IOException, InterruptedException;
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
                parsed.section(),
                hosts,
                "",
                parsed.authData(),
                parsed.acls(),
                parsed.tick(),
                parsed.ownsTree(),
                clientTls.map(StoreTls::settings));
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

    /** The folder of a server that does not run. */
    void loseDisk(int id) throws IOException {
        delete(folder.resolve("peer" + id));
    }

    @Override
    public void close() throws IOException {
        try {
            killAll();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        delete(folder);
    }

    private static void delete(Path folder) throws IOException {
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
