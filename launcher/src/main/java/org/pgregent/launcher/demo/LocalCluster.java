package org.pgregent.launcher.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.pgregent.launcher.AsUser;
import org.pgregent.launcher.Json;
import org.pgregent.launcher.Jvm;

/**
 * Agents on this machine, each a process of its own with its PostgreSQL, in one temporary folder on free ports of the loopback.
 * Started by root they run as {@code postgres}. Closing it leaves no process and no folder. Used by one thread, but for
 * {@link #close}.
 */
public final class LocalCluster implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int PORTS_PER_NODE = 5;

    private final Path folder;
    private final Optional<AsUser> user;
    private final String classPath;
    private final LocalConfig.Shape shape;
    private final List<LocalNode> nodes;
    private final Map<Integer, Process> agents = new TreeMap<>();
    private volatile boolean closed;

    /** How fast it is to fail over; in seconds. */
    public record Timers(int ttl, int loopWait, int retryTimeout) {
        /** Fit for a demonstration: the shortest the embedded quorum can keep. */
        public static final Timers SHORT = new Timers(5, 1, 1);
    }

    /** Makes the folder and the configurations, starts nothing. */
    public static LocalCluster create(String purpose, int size, Timers timers, String classPath)
            throws IOException, InterruptedException {
        Optional<AsUser> user = AsUser.amRoot() ? AsUser.named("postgres") : Optional.empty();
        if (AsUser.amRoot() && user.isEmpty()) {
            throw new IOException(
                    "there is no user postgres to run PostgreSQL as: install PostgreSQL, or run this as another user than root");
        }
        Path folder = Files.createTempDirectory("pgregent-" + purpose + "-").toRealPath();
        LocalCluster cluster = new LocalCluster(folder, user, size, timers, classPath);
        try {
            cluster.prepare();
            return cluster;
        } catch (IOException | RuntimeException | InterruptedException e) {
            cluster.close();
            throw e;
        }
    }

    private LocalCluster(Path folder, Optional<AsUser> user, int size, Timers timers, String classPath)
            throws IOException {
        this.folder = folder;
        this.user = user;
        byte[] secret = new byte[12];
        new SecureRandom().nextBytes(secret);
        this.shape = new LocalConfig.Shape(
                "demo",
                new LocalConfig.Timers(
                        timers.ttl(), timers.loopWait(), timers.retryTimeout(), Math.min(timers.ttl(), 20)),
                HexFormat.of().formatHex(secret));
        List<Integer> ports = freePorts(size * PORTS_PER_NODE);
        List<LocalNode> made = new ArrayList<>();
        for (int i = 1; i <= size; i++) {
            List<Integer> own = ports.subList((i - 1) * PORTS_PER_NODE, i * PORTS_PER_NODE);
            made.add(new LocalNode(
                    i,
                    "n" + i,
                    folder.resolve("n" + i),
                    own.get(0),
                    own.get(1),
                    new LocalNode.QuorumPorts(own.get(2), own.get(3), own.get(4))));
        }
        this.nodes = List.copyOf(made);
        this.classPath = classPath;
    }

    private static List<Integer> freePorts(int count) throws IOException {
        List<ServerSocket> held = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            return held.stream().map(ServerSocket::getLocalPort).toList();
        } finally {
            for (ServerSocket socket : held) {
                socket.close();
            }
        }
    }

    private void prepare() throws IOException, InterruptedException {
        for (LocalNode node : nodes) {
            Files.createDirectory(
                    node.folder(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            writePrivate(node.configFile(), Json.write(LocalConfig.of(node, nodes, shape)));
            giveAway(node.folder());
        }
        StringBuilder passwords = new StringBuilder();
        nodes.forEach(node -> passwords.append(
                "127.0.0.1:" + node.postgresPort() + ":*:" + LocalConfig.SUPERUSER + ":" + shape.password() + "\n"));
        writePrivate(pgpass(), passwords.toString());
        giveAway(folder);
    }

    private void writePrivate(Path file, String content) throws IOException {
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, content);
        giveAway(file);
    }

    private void giveAway(Path file) throws IOException {
        if (user.isPresent()) {
            UserPrincipal owner = file.getFileSystem()
                    .getUserPrincipalLookupService()
                    .lookupPrincipalByName(user.get().name());
            Files.setOwner(file, owner);
        }
    }

    public List<LocalNode> nodes() {
        return nodes;
    }

    public LocalNode node(String name) {
        return nodes.stream()
                .filter(node -> node.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    public Path folder() {
        return folder;
    }

    /** For {@code PGPASSFILE}. */
    public Path pgpass() {
        return folder.resolve("pgpass");
    }

    public String password() {
        return shape.password();
    }

    /** Replaces a node's configuration; it counts from its next start. */
    public void configure(LocalNode node, Map<String, Object> config) throws IOException {
        Files.writeString(node.configFile(), Json.write(config));
    }

    public Map<String, Object> configuration(LocalNode node) throws IOException {
        return Json.object(Files.readString(node.configFile())).orElseThrow();
    }

    public void startAll() throws IOException, InterruptedException {
        for (LocalNode node : nodes) {
            start(node);
        }
    }

    /** A session of its own: Ctrl-C in the terminal is for whoever started all this. */
    public void start(LocalNode node) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("setsid"));
        List<String> agent = Jvm.command(readableClassPath(), node.configFile().toString());
        command.addAll(user.map(u -> u.prefix(agent)).orElse(agent));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(Path.of("/").toFile())
                .redirectErrorStream(true)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(ProcessBuilder.Redirect.appendTo(node.log().toFile()));
        AsUser.stripSecrets(builder.environment());
        agents.put(node.number(), builder.start());
    }

    /** What the user may not read is copied, once, and with an archive of loaded classes beside it. */
    private String readableClassPath() throws IOException, InterruptedException {
        if (user.isEmpty()) {
            return classPath;
        }
        List<String> places = new ArrayList<>();
        for (String place : classPath.split(":")) {
            Path original = Path.of(place).toAbsolutePath();
            Path copy = folder.resolve("lib").resolve(original.getFileName());
            if (Files.exists(copy) || !user.get().can("-r", original)) {
                copyOnce(original, copy);
                places.add(copy.toString());
            } else {
                places.add(original.toString());
            }
        }
        return String.join(":", places);
    }

    private void copyOnce(Path original, Path copy) throws IOException, InterruptedException {
        if (Files.exists(copy)) {
            return;
        }
        if (Files.isDirectory(original)) {
            throw new IOException(
                    original + " cannot be read by " + user.orElseThrow().name() + ": build and run the jar");
        }
        Files.createDirectories(copy.getParent());
        giveAway(copy.getParent());
        Files.copy(original, copy);
        giveAway(copy);
        Process archiving = new ProcessBuilder(user.orElseThrow().prefix(Jvm.archiveCommand(copy)))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .directory(Path.of("/").toFile())
                .start();
        // Without it everything works, only slower.
        if (!archiving.waitFor(30, TimeUnit.SECONDS)) {
            archiving.destroyForcibly();
        }
    }

    public Optional<Process> agent(LocalNode node) {
        return Optional.ofNullable(agents.get(node.number()));
    }

    /** The agent alone, at once; its PostgreSQL and its guard live on. */
    public void killAgent(LocalNode node) throws InterruptedException {
        Process agent = agents.get(node.number());
        agent.destroyForcibly();
        agent.waitFor();
    }

    /** Every process of its PostgreSQL at once, without a chance to tidy up. */
    public void killPostgres(LocalNode node) {
        LocalProcesses.postmaster(node.dataDir()).ifPresent(postmaster -> {
            List<ProcessHandle> children = postmaster.descendants().toList();
            postmaster.destroyForcibly();
            children.forEach(ProcessHandle::destroyForcibly);
        });
    }

    /** Any signal, without SIG, to the agent. */
    public void signalAgent(LocalNode node, String signal) throws IOException, InterruptedException {
        LocalProcesses.signal(signal, agents.get(node.number()).pid());
    }

    /** The same to every process of its PostgreSQL. */
    public void signalPostgres(LocalNode node, String signal) throws IOException, InterruptedException {
        Optional<ProcessHandle> postmaster = LocalProcesses.postmaster(node.dataDir());
        if (postmaster.isPresent()) {
            List<ProcessHandle> children = postmaster.get().descendants().toList();
            LocalProcesses.signal(signal, postmaster.get().pid());
            for (ProcessHandle child : children) {
                LocalProcesses.signal(signal, child.pid());
            }
        }
    }

    /** The same to those of its children whose process title has this word, such as {@code startup}. */
    public void signalPostgresChild(LocalNode node, String word, String signal)
            throws IOException, InterruptedException {
        Optional<ProcessHandle> postmaster = LocalProcesses.postmaster(node.dataDir());
        if (postmaster.isPresent()) {
            for (ProcessHandle child : postmaster.get().children().toList()) {
                if (LocalProcesses.title(child.pid()).contains(word)) {
                    LocalProcesses.signal(signal, child.pid());
                }
            }
        }
    }

    /** The same to its guard. */
    public void signalGuard(LocalNode node, String signal) throws IOException, InterruptedException {
        for (ProcessHandle process : LocalProcesses.of(node.stateDir().resolve("guard"))) {
            LocalProcesses.signal(signal, process.pid());
        }
    }

    public Optional<Long> postmasterPid(LocalNode node) {
        return LocalProcesses.postmaster(node.dataDir()).map(ProcessHandle::pid);
    }

    /** A postmaster of this node lives. */
    public boolean isPostgresAlive(LocalNode node) {
        return LocalProcesses.postmaster(node.dataDir())
                .map(postmaster -> LocalProcesses.isAlive(postmaster.pid()))
                .orElse(false);
    }

    /** It is being removed, or is gone. */
    boolean isClosed() {
        return closed;
    }

    /** Ends the agents in order, then kills what is left, then removes the folder. Idempotent, from any thread. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        agents.values().forEach(Process::destroy);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        boolean interrupted = false;
        try {
            for (Process agent : agents.values()) {
                agent.waitFor(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        try {
            killTheRest();
            delete();
        } catch (IOException e) {
            throw new UncheckedIOException("remove " + folder + " by hand", e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Postmasters are asked first: killed, they would leave their piece of shared memory behind. */
    private void killTheRest() throws IOException {
        for (LocalNode node : nodes) {
            LocalProcesses.postmaster(node.dataDir()).ifPresent(postmaster -> {
                try {
                    LocalProcesses.signal("QUIT", postmaster.pid());
                    postmaster.onExit().get(3, TimeUnit.SECONDS);
                } catch (IOException | ExecutionException | TimeoutException e) {
                    postmaster.destroyForcibly();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }
        for (int round = 0; round < 50; round++) {
            List<ProcessHandle> left = LocalProcesses.of(folder).stream()
                    .filter(p -> LocalProcesses.isAlive(p.pid()))
                    .toList();
            if (left.isEmpty()) {
                return;
            }
            left.forEach(ProcessHandle::destroyForcibly);
            left.forEach(process -> awaitExit(process));
        }
    }

    private static void awaitExit(ProcessHandle process) {
        try {
            process.onExit().get(200, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException stillThere) {
            // The next round looks again.
            return;
        }
    }

    private void delete() throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException gone) {
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException failure) throws IOException {
                Files.deleteIfExists(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** The last lines of a node's log, for failures. */
    public String logTail(LocalNode node, int lines) throws IOException {
        List<String> all =
                Files.exists(node.log()) ? Files.readAllLines(node.log(), StandardCharsets.UTF_8) : List.of();
        return String.join("\n", all.subList(Math.max(0, all.size() - lines), all.size()));
    }
}
