package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.pgregent.dcs.testkit.FreePorts;
import org.pgregent.dcs.testkit.ServerProcess;
import org.pgregent.dcs.testkit.TcpProxy;
import org.pgregent.dcs.testkit.TestCertificates;

/**
 * ZooKeeper as Debian ships it, one server or an ensemble, each a process on loopback in a folder of its own. They are what a user
 * has who does not embed it: another version than ours, started by hand.
 */
public final class ZooKeeperServer implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Path JAR = Path.of("/usr/share/java/zookeeper.jar");
    private static final String MAIN = "org.apache.zookeeper.server.quorum.QuorumPeerMain";

    private record Ports(int client, int secure, int peer, int election) {}

    /** How one server reaches another. */
    private record Way(int from, int to, TcpProxy peer, TcpProxy election) {}

    private final Path folder;
    private final List<Ports> ports = new ArrayList<>();
    private final List<Optional<ServerProcess>> processes = new ArrayList<>();
    private final List<Way> ways = new ArrayList<>();
    private final Map<String, String> settings = new LinkedHashMap<>();
    private Optional<TestCertificates.Issued> certificate = Optional.empty();

    private ZooKeeperServer(Path folder, int size) throws IOException {
        this.folder = folder;
        List<Integer> free = FreePorts.take(size * 4);
        for (int i = 0; i < size; i++) {
            ports.add(new Ports(free.get(4 * i), free.get(4 * i + 1), free.get(4 * i + 2), free.get(4 * i + 3)));
            processes.add(Optional.empty());
        }
        for (int from = 1; from <= size; from++) {
            for (int to = 1; to <= size; to++) {
                if (from != to) {
                    Ports target = ports.get(to - 1);
                    ways.add(new Way(from, to, new TcpProxy(target.peer), new TcpProxy(target.election)));
                }
            }
        }
        // Longer than any test freezes them: this version does not always get over a follower that it had given up
        // meanwhile.
        with("tickTime", "500").with("initLimit", "20").with("syncLimit", "20");
        with("admin.enableServer", "false").with("4lw.commands.whitelist", "srvr,mntr");
        with("maxSessionTimeout", "300000").with("forceSync", "no");
    }

    /** One server or an ensemble, not started yet. */
    public static ZooKeeperServer of(int size) throws IOException {
        return new ZooKeeperServer(Files.createTempDirectory("pgregent-zookeeper"), size);
    }

    /** A line of the servers' configuration; for their next start. */
    public ZooKeeperServer with(String key, String value) {
        settings.put(key, value);
        return this;
    }

    /** A second port for clients, in TLS with this certificate, beside the plain one. For the next start. */
    public ZooKeeperServer withTls(TestCertificates authority, TestCertificates.Issued issued, String clientAuth) {
        certificate = Optional.of(issued);
        return with("serverCnxnFactory", "org.apache.zookeeper.server.NettyServerCnxnFactory")
                .with("ssl.enabledProtocols", "TLSv1.3,TLSv1.2")
                .with("ssl.clientAuth", clientAuth)
                .with("ssl.trustStore.type", "PEM")
                .with("ssl.trustStore.location", authority.ca().toString())
                .with("ssl.keyStore.type", "PEM");
    }

    public Path folder() {
        return folder;
    }

    public int size() {
        return ports.size();
    }

    /** Where clients connect, server by server. */
    public List<String> hosts() {
        return ports.stream().map(each -> "127.0.0.1:" + each.client).toList();
    }

    /** Where clients connect in TLS. */
    public List<String> secureHosts() {
        return ports.stream().map(each -> "127.0.0.1:" + each.secure).toList();
    }

    public int clientPort(int server) {
        return ports.get(server - 1).client;
    }

    public int securePort(int server) {
        return ports.get(server - 1).secure;
    }

    /** Starts all and returns when they serve. */
    public ZooKeeperServer started() throws IOException, InterruptedException {
        startAll();
        awaitServing();
        return this;
    }

    public void startAll() throws IOException {
        for (int server = 1; server <= size(); server++) {
            start(server);
        }
    }

    /** @param server counted from 1 */
    public void start(int server) throws IOException {
        if (!Files.isReadable(JAR)) {
            throw new IOException(JAR + " is missing: install Debian's package zookeeper (bin/test does)");
        }
        Path own = Files.createDirectories(folder.resolve("server" + server));
        Path data = Files.createDirectories(own.resolve("data"));
        Files.writeString(data.resolve("myid"), server + "\n");
        Files.writeString(own.resolve("zoo.cfg"), configuration(server, own, data));
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath(),
                MAIN,
                own.resolve("zoo.cfg").toString());
        processes.set(server - 1, Optional.of(ServerProcess.start("zookeeper" + server, own, command)));
    }

    /** The jar names what it needs, but for parts of Netty that only TLS needs, and a logger. */
    private static String classPath() {
        List<String> more = List.of(
                "netty-codec.jar", "netty-resolver.jar", "netty-transport-native-unix-common.jar", "slf4j-simple.jar");
        StringBuilder path = new StringBuilder(JAR.toString());
        more.forEach(name -> path.append(':').append(JAR.resolveSibling(name)));
        return path.toString();
    }

    private String configuration(int server, Path own, Path data) throws IOException {
        Ports at = ports.get(server - 1);
        StringBuilder text = new StringBuilder();
        settings.forEach(
                (key, value) -> text.append(key).append('=').append(value).append('\n'));
        text.append("dataDir=").append(data).append('\n');
        text.append("clientPort=").append(at.client).append("\nclientPortAddress=127.0.0.1\n");
        if (certificate.isPresent()) {
            Path both = own.resolve("both.pem");
            Files.writeString(
                    both,
                    Files.readString(certificate.get().key())
                            + Files.readString(certificate.get().certificate()),
                    StandardCharsets.US_ASCII);
            text.append("secureClientPort=").append(at.secure).append("\nsecureClientPortAddress=127.0.0.1\n");
            text.append("ssl.keyStore.location=").append(both).append('\n');
        }
        if (size() > 1) {
            for (int i = 1; i <= size(); i++) {
                text.append("server.%d=127.0.0.1:%s\n".formatted(i, reached(server, i)));
            }
        }
        return text.toString();
    }

    private String reached(int from, int to) {
        return ways.stream()
                .filter(way -> way.from == from && way.to == to)
                .map(way -> way.peer.port() + ":" + way.election.port())
                .findFirst()
                .orElseGet(() -> ports.get(to - 1).peer + ":" + ports.get(to - 1).election);
    }

    /** Nothing passes between this server and the others any more; its clients still reach it. */
    public void isolate(int server) {
        for (Way way : ways) {
            if (way.from == server || way.to == server) {
                way.peer.blackHole();
                way.election.blackHole();
            }
        }
    }

    /** Ends {@link #isolate}. */
    public void reconnect() throws IOException {
        for (Way way : ways) {
            way.peer.pass();
            way.election.pass();
        }
    }

    public void awaitServing() throws InterruptedException, IOException {
        for (int server = 1; server <= size(); server++) {
            awaitServing(server);
        }
    }

    public void awaitServing(int server) throws InterruptedException, IOException {
        HostPort at = new HostPort("127.0.0.1", clientPort(server));
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (ServerStatus.of(at, Optional.empty(), Duration.ofSeconds(1)) != ServerStatus.SERVING) {
            ServerProcess process = process(server);
            if (!process.alive() || System.nanoTime() - end > 0) {
                throw new IOException("ZooKeeper server " + server + " does not serve:\n" + process.log());
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    /** Which server leads, as the servers themselves say. */
    public int leader() throws InterruptedException, IOException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() - end < 0) {
            for (int server = 1; server <= size(); server++) {
                if (mode(server).equals("leader") || mode(server).equals("standalone")) {
                    return server;
                }
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        throw new IOException("no server leads");
    }

    private String mode(int server) {
        try {
            return ServerStatus.ask(new HostPort("127.0.0.1", clientPort(server)), Optional.empty(), 1000)
                    .lines()
                    .filter(line -> line.startsWith("Mode: "))
                    .map(line -> line.substring("Mode: ".length()))
                    .findFirst()
                    .orElse("");
        } catch (IOException silent) {
            return "";
        }
    }

    public ServerProcess process(int server) {
        return processes.get(server - 1).orElseThrow();
    }

    private List<ServerProcess> all() {
        return processes.stream().flatMap(Optional::stream).toList();
    }

    /** As kill -9 does. */
    public void killAll() throws InterruptedException {
        for (ServerProcess process : all()) {
            process.kill();
        }
    }

    public void freezeAll() throws IOException, InterruptedException {
        for (ServerProcess process : all()) {
            process.freeze();
        }
    }

    public void thawAll() throws IOException, InterruptedException {
        for (ServerProcess process : all()) {
            process.thaw();
        }
    }

    @Override
    public void close() throws IOException {
        all().forEach(ServerProcess::close);
        for (Way way : ways) {
            way.peer.close();
            way.election.close();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(path -> {
                try {
                    Files.delete(path);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
