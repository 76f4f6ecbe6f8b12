package org.pgregent.launcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsProvider;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.launcher.Jvm;
import org.pgregent.launcher.demo.AgentClient;
import org.pgregent.launcher.demo.DemoException;
import org.pgregent.launcher.demo.LocalCluster;
import org.pgregent.launcher.demo.LocalNode;
import org.pgregent.launcher.demo.Waits;

/**
 * A cluster for one test: agents from the built jar, an embedded quorum, short timers, and everything that can be done to it.
 * Root may run it: agents and PostgreSQL are {@code postgres} then. Closing it leaves nothing behind but the agents' logs in
 * {@code target/it-logs/NAME}.
 */
public final class ClusterHarness implements AutoCloseable {

    /** Generous: these waits are for slow machines, the figures are for the tests to judge. */
    public static final Duration PATIENCE = Duration.ofSeconds(120);

    private final String name;
    private final LocalCluster cluster;
    private final AgentClient client;
    private final List<DirectWriter> writers = new ArrayList<>();

    /** Makes it without starting anything. */
    public static ClusterHarness create(String name, int size, LocalCluster.Timers timers)
            throws IOException, InterruptedException {
        return new ClusterHarness(name, LocalCluster.create("it-" + name, size, timers, program()));
    }

    /** Short enough for a test, long enough that a busy machine does not look like a dead one. */
    public static final LocalCluster.Timers STEADY = new LocalCluster.Timers(8, 1, 2);

    /** Makes and starts it, and returns when there is a leader and all others stream. */
    public static ClusterHarness running(String name, int size)
            throws IOException, InterruptedException, DemoException {
        return create(name, size, STEADY).started();
    }

    /** Starts all and returns when there is a leader and all others stream; closes it if that fails. */
    public ClusterHarness started() throws IOException, InterruptedException, DemoException {
        try {
            long began = System.nanoTime();
            cluster.startAll();
            long led = await("a leader", () -> client.leader().isPresent());
            long whole = awaitWhole();
            System.out.printf(
                    "MEASURED start: leader after %.2f s, %d streaming after %.2f s%n",
                    (led - began) / 1e9, nodes().size() - 1, (whole - began) / 1e9);
            return this;
        } catch (IOException | InterruptedException | DemoException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Before the start: no secret, which on the loopback is allowed, so that a test can look into the store and change it. */
    public ClusterHarness withOpenStore() throws IOException {
        for (LocalNode node : nodes()) {
            edit(node, config -> {
                section(section(config, "zookeeper"), "embedded").remove("secret");
                return config;
            });
        }
        return this;
    }

    /** Before the start: another store for all, instead of the embedded quorum. */
    public ClusterHarness withStore(String section, Map<String, Object> settings) throws IOException {
        for (LocalNode node : nodes()) {
            edit(node, config -> {
                config.remove("zookeeper");
                config.put(section, settings);
                return config;
            });
        }
        return this;
    }

    /** Before the start: a value of the dynamic configuration the cluster is made with. */
    public ClusterHarness withDynamic(String key, Object value) throws IOException {
        for (LocalNode node : nodes()) {
            edit(node, config -> {
                section(section(config, "bootstrap"), "dcs").put(key, value);
                return config;
            });
        }
        return this;
    }

    /** A part of a node's configuration, to be changed in place. */
    @SuppressWarnings("unchecked")
    static Map<String, Object> section(Map<String, Object> config, String name) {
        return (Map<String, Object>) config.get(name);
    }

    /** A connection to the store, beside the agents; only with {@link #withOpenStore}. */
    public Dcs store() throws DcsException {
        DcsProvider provider = ServiceLoader.load(DcsProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(p -> p.name().equals("zookeeper"))
                .findFirst()
                .orElseThrow();
        List<String> hosts = nodes().stream()
                .map(node -> "127.0.0.1:" + node.quorum().client())
                .toList();
        return provider.connect(new DcsConfig(
                "zookeeper",
                Map.of("hosts", hosts, "tick_time", 500),
                "test",
                cluster.folder().resolve("test-store"),
                Duration.ofSeconds(10)));
    }

    /** Replaces the cluster's dynamic configuration, as an operator would. */
    public void configure(UnaryOperator<Map<String, Object>> change)
            throws DcsException, IOException, InterruptedException {
        try (Dcs store = store()) {
            String key = "/service/demo/config";
            String now = store.readAll("/service/demo", Duration.ofSeconds(20))
                    .get(key)
                    .orElseThrow()
                    .text();
            ObjectMapper json = new ObjectMapper();
            Map<String, Object> config = json.readValue(now, new TypeReference<>() {});
            byte[] changed = json.writeValueAsBytes(change.apply(config));
            store.put(key, changed, Expect.anything(), Optional.empty(), Duration.ofSeconds(20));
        }
    }

    /** No acknowledgement of the old primary came after the first one of the new. */
    public void assertOneAfterTheOther(LocalNode old, LocalNode next) {
        long lastOld = writer(old).last().orElseThrow().nanos();
        long firstNew = writer(next).acks().get(0).nanos();
        assertThat(lastOld)
                .as("last acknowledgement of " + old.name() + ", first of " + next.name())
                .isLessThan(firstNew);
    }

    /** Waits until the writer of a node gets acknowledgements after the given moment. */
    public void awaitWritesOn(LocalNode node, long afterNanos) throws DemoException, InterruptedException, IOException {
        await(
                "writes on " + node.name(),
                () -> writer(node).firstAfter(afterNanos).isPresent());
    }

    /** The process is gone, or a zombie. */
    static boolean isDead(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
            return "ZX".indexOf(stat.charAt(stat.lastIndexOf(')') + 2)) >= 0;
        } catch (IOException gone) {
            return true;
        }
    }

    static void signal(String signal, long pid) throws IOException, InterruptedException {
        int code = new ProcessBuilder("kill", "-" + signal, Long.toString(pid))
                .inheritIO()
                .start()
                .waitFor();
        assertThat(code).as("kill -" + signal + " " + pid).isZero();
    }

    String logOf(LocalNode node) throws IOException {
        return Files.readString(node.log());
    }

    private ClusterHarness(String name, LocalCluster cluster) {
        this.name = name;
        this.cluster = cluster;
        this.client = new AgentClient(cluster);
    }

    /** The jar, wherever the tests are started from; without one, what the tests themselves run from. */
    static String program() {
        String given = System.getProperty("pgregent.jar", "");
        for (String place :
                List.of(given, "../target/pgregent.jar", "target/pgregent.jar", "launcher/target/pgregent.jar")) {
            if (!place.isEmpty() && Files.isRegularFile(Path.of(place))) {
                return Path.of(place).toAbsolutePath().normalize().toString();
            }
        }
        return Jvm.ownClassPath();
    }

    public LocalCluster cluster() {
        return cluster;
    }

    public AgentClient client() {
        return client;
    }

    public List<LocalNode> nodes() {
        return cluster.nodes();
    }

    public List<LocalNode> nodesBut(LocalNode one) {
        return nodes().stream().filter(node -> !node.equals(one)).toList();
    }

    // What can be waited for. Each returns the nanoTime at which it was first seen.

    public long await(String what, Waits.Condition condition) throws DemoException, InterruptedException, IOException {
        return Waits.until(what, PATIENCE, cluster, condition);
    }

    /** A leader that runs, and everybody else streaming from it: by the store, and by each server's own word. */
    public long awaitWhole() throws DemoException, InterruptedException, IOException {
        return await("a leader and everybody else streaming", () -> {
            Optional<Map<String, AgentClient.Member>> members = client.members();
            return members.isPresent()
                    && members.get().size() == nodes().size()
                    && members.get().values().stream().anyMatch(AgentClient.Member::leads)
                    && members.get().values().stream().allMatch(this::isAsItSays);
        });
    }

    /** What is in the store may be older than the last crash. */
    private boolean isAsItSays(AgentClient.Member member) {
        Optional<Boolean> inRecovery = isInRecovery(cluster.node(member.name()));
        return member.leads()
                ? member.state().equals("running") && inRecovery.equals(Optional.of(false))
                : member.streams() && inRecovery.equals(Optional.of(true));
    }

    /** Whoever leads; waits while the store cannot be read, or nobody does. */
    public LocalNode leader() throws InterruptedException, DemoException, IOException {
        LocalNode[] found = new LocalNode[1];
        await("a leader", () -> {
            client.leader().ifPresent(node -> found[0] = node);
            return found[0] != null;
        });
        return found[0];
    }

    /** Returns the node that leads and is out of recovery, other than the one given. */
    public LocalNode awaitLeaderOtherThan(LocalNode old) throws DemoException, InterruptedException, IOException {
        LocalNode[] found = new LocalNode[1];
        await("another leader than " + old.name(), () -> {
            Optional<LocalNode> leader = client.leader().filter(node -> !node.equals(old));
            leader.ifPresent(node -> found[0] = node);
            return leader.isPresent() && Optional.of(false).equals(isInRecovery(leader.get()));
        });
        return found[0];
    }

    /** Empty if it does not answer. */
    public Optional<Boolean> isInRecovery(LocalNode node) {
        return query(node, "SELECT pg_is_in_recovery()").map("t"::equals);
    }

    // What can be asked.

    /** The first value of the answer; empty if there is none. */
    public Optional<String> query(LocalNode node, String sql) {
        try (Connection connection = client.connect(node);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? Optional.ofNullable(rows.getString(1)) : Optional.empty();
        } catch (SQLException noAnswer) {
            return Optional.empty();
        }
    }

    public void execute(LocalNode node, String sql) throws SQLException {
        try (Connection connection = client.connect(node);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    // What can be done to it.

    public void start(LocalNode node) throws IOException, InterruptedException {
        cluster.start(node);
    }

    public void killAgent(LocalNode node) throws InterruptedException {
        cluster.killAgent(node);
    }

    public void killPostgres(LocalNode node) {
        cluster.killPostgres(node);
    }

    /** As when the machine loses its power, but for the guard. */
    public void killAgentAndPostgres(LocalNode node) throws InterruptedException {
        cluster.killAgent(node);
        cluster.killPostgres(node);
    }

    public void killGuard(LocalNode node) throws IOException, InterruptedException {
        cluster.signalGuard(node, "KILL");
    }

    public void freezeAgent(LocalNode node) throws IOException, InterruptedException {
        cluster.signalAgent(node, "STOP");
    }

    public void thawAgent(LocalNode node) throws IOException, InterruptedException {
        cluster.signalAgent(node, "CONT");
    }

    public void freezePostgres(LocalNode node) throws IOException, InterruptedException {
        cluster.signalPostgres(node, "STOP");
    }

    public void thawPostgres(LocalNode node) throws IOException, InterruptedException {
        cluster.signalPostgres(node, "CONT");
    }

    public void freezeGuard(LocalNode node) throws IOException, InterruptedException {
        cluster.signalGuard(node, "STOP");
    }

    public void thawGuard(LocalNode node) throws IOException, InterruptedException {
        cluster.signalGuard(node, "CONT");
    }

    /** Ends an agent in order and returns its exit code. */
    public int terminate(LocalNode node) throws IOException, InterruptedException, DemoException {
        cluster.signalAgent(node, "TERM");
        Process agent = cluster.agent(node).orElseThrow();
        if (!agent.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new DemoException("the agent of " + node.name() + " did not end:\n" + cluster.logTail(node, 40));
        }
        return agent.exitValue();
    }

    /** Changes a node's own configuration, for its next start. */
    public void edit(LocalNode node, UnaryOperator<Map<String, Object>> change) throws IOException {
        cluster.configure(node, change.apply(cluster.configuration(node)));
    }

    /** A writer on every node, with their table made on the leader. */
    public List<DirectWriter> startWriters() throws SQLException, InterruptedException, DemoException, IOException {
        execute(leader(), DirectWriter.TABLE);
        nodes().forEach(node -> writers.add(new DirectWriter(client, node)));
        return List.copyOf(writers);
    }

    public DirectWriter writer(LocalNode node) {
        return writers.stream()
                .filter(writer -> writer.node().equals(node))
                .findFirst()
                .orElseThrow();
    }

    @Override
    public void close() throws IOException {
        writers.forEach(DirectWriter::close);
        try {
            keepLogs();
        } finally {
            cluster.close();
        }
    }

    /** What agent and guard said last, for whoever reads why a test failed where the files are gone. */
    String logsOf(LocalNode node) throws IOException {
        StringBuilder text = new StringBuilder();
        for (Path log : List.of(node.log(), node.stateDir().resolve("guard").resolve("guard.log"))) {
            List<String> lines = Files.exists(log) ? Files.readAllLines(log) : List.of();
            text.append(log.getFileName()).append(":\n");
            lines.subList(Math.max(0, lines.size() - 40), lines.size())
                    .forEach(line -> text.append(line).append('\n'));
        }
        return text.toString();
    }

    private void keepLogs() throws IOException {
        Path kept = Files.createDirectories(Path.of("target", "it-logs", name));
        for (LocalNode node : nodes()) {
            copy(node.log(), kept.resolve(node.name() + "-agent.log"));
            copy(node.stateDir().resolve("postmaster.log"), kept.resolve(node.name() + "-postmaster.log"));
            copy(node.stateDir().resolve("guard").resolve("guard.log"), kept.resolve(node.name() + "-guard.log"));
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        if (Files.exists(from)) {
            Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
