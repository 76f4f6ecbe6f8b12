package org.pgregent.launcher.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsProvider;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.launcher.demo.DemoException;
import org.pgregent.launcher.demo.LocalCluster;
import org.pgregent.launcher.demo.LocalNode;
import org.pgregent.launcher.demo.Waits;

/**
 * A whole cluster on a store of its own: what it writes is what Patroni writes and Patroni's ctl reads, it survives the loss of its
 * primary, and an outage of the store makes no second primary. Timers are the shortest that Patroni takes.
 */
@Timeout(900)
abstract class StoreClusterContract {

    private static final LocalCluster.Timers TIMERS = new LocalCluster.Timers(20, 1, 3);
    private static final String SYSTEM_ID = "SELECT system_identifier FROM pg_control_system()";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectMapper SORTED =
            new ObjectMapper().configure(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, true);

    @TempDir
    Path folder;

    abstract ExternalStore open(Path folder) throws Exception;

    private ClusterHarness cluster(ExternalStore store, String purpose) throws Exception {
        // As captured, so that show-config can be compared to the letter.
        return ClusterHarness.create(store.section() + "-" + purpose, 3, TIMERS)
                .withStore(store.section(), store.settings())
                .withDynamic("maximum_lag_on_failover", 1048576)
                .withDynamic(
                        "postgresql",
                        Map.of(
                                "use_pg_rewind",
                                true,
                                "parameters",
                                Map.of("max_connections", 50, "wal_keep_size", "64MB")))
                .started();
    }

    @Test
    void aWholeLife() throws Exception {
        try (ExternalStore store = open(folder);
                ClusterHarness harness = cluster(store, "life")) {
            PatroniCtl ctl = new PatroniCtl(folder.resolve("ctl"), "demo", store);
            LocalNode first = harness.leader();
            theStoreHoldsWhatPatroniWouldWrite(harness, store, first);
            thePictureIsAsCaptured(harness, ctl, first);

            harness.startWriters();
            harness.await("acknowledgements", () -> harness.writer(first).acks().size() >= 50);
            harness.killAgentAndPostgres(first);
            LocalNode second = harness.awaitLeaderOtherThan(first);
            harness.await(
                    "a write on " + second.name(),
                    () -> harness.writer(second).last().isPresent());
            harness.assertOneAfterTheOther(first, second);
            harness.start(first);
            harness.awaitWhole();
            assertThat(shape(harness, second, ctl.run("history")))
                    .isEqualTo(shape(captured("08-after-switchover-history"), "n1", "n0", "n2"));

            assertThat(harness.terminate(second)).isZero();
            LocalNode third = harness.awaitLeaderOtherThan(second);
            long after = harness.writer(second).last().orElseThrow().nanos();
            harness.awaitWritesOn(third, after);
            harness.start(second);
            harness.awaitWhole();
            assertThat(ctl.run("list", "-f", "tsv").lines()).hasSize(4);
        }
    }

    private void theStoreHoldsWhatPatroniWouldWrite(ClusterHarness harness, ExternalStore store, LocalNode leader)
            throws Exception {
        Map<String, String> expected = new LinkedHashMap<>();
        JsonNode captured = JSON.readTree(captured("01-three-nodes-store.json"));
        for (Map.Entry<String, JsonNode> key : captured.properties()) {
            expected.put(
                    shape(key.getKey(), "n0", "n1", "n2"),
                    valueShape(key.getKey(), key.getValue().asText(), "n0", "n1", "n2"));
        }
        List<String> others =
                harness.nodesBut(leader).stream().map(LocalNode::name).toList();
        Map<String, String> last = new LinkedHashMap<>();
        try (Dcs dcs = connect(store)) {
            settle(harness, "the keys and values that Patroni would have written", () -> {
                try {
                    DcsSnapshot all = dcs.readAll("/service/demo", Duration.ofSeconds(20));
                    Map<String, String> found = new LinkedHashMap<>();
                    for (Map.Entry<String, DcsSnapshot.Entry> entry :
                            all.entries().entrySet()) {
                        String key = entry.getKey();
                        String value = entry.getValue().text();
                        // Ours from the first leader on; the original only after the first switch.
                        if (!key.endsWith("/history")) {
                            found.put(
                                    shape(key, leader.name(), others.get(0), others.get(1)),
                                    valueShape(key, value, leader.name(), others.get(0), others.get(1)));
                        }
                    }
                    last.clear();
                    last.putAll(found);
                    return found.equals(expected);
                } catch (DcsException e) {
                    throw new IOException(e);
                }
            });
            assertThat(last).isEqualTo(expected);
            DcsSnapshot all = dcs.readAll("/service/demo", Duration.ofSeconds(20));
            assertThat(all.get("/service/demo/leader").orElseThrow().leaseId()).isPresent();
            assertThat(all.get("/service/demo/initialize").orElseThrow().text())
                    .isEqualTo(harness.query(leader, SYSTEM_ID).orElseThrow());
        }
    }

    /** Positions and states settle within a pass or two; when they do not, the caller compares, which tells more than a wait. */
    private static void settle(ClusterHarness harness, String what, Waits.Condition condition) throws Exception {
        try {
            Waits.until(what, Duration.ofSeconds(60), harness.cluster(), condition);
        } catch (DemoException inVain) {
            return;
        }
    }

    private Dcs connect(ExternalStore store) throws Exception {
        DcsProvider provider = ServiceLoader.load(DcsProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(p -> p.name().equals(store.provider()))
                .findFirst()
                .orElseThrow();
        return provider.connect(new DcsConfig(
                store.section(),
                store.settings(),
                "onlooker",
                Files.createDirectories(folder.resolve("onlooker")),
                Duration.ofSeconds(20)));
    }

    private static void thePictureIsAsCaptured(ClusterHarness harness, PatroniCtl ctl, LocalNode leader)
            throws Exception {
        for (String command : List.of("list", "topology", "history", "show-config")) {
            String expected = shape(captured("01-three-nodes-" + command), "n0", "n1", "n2");
            String[] last = new String[1];
            settle(harness, "patronictl " + command + " as captured", () -> {
                last[0] = shape(harness, leader, ctl.run(command));
                return last[0].equals(expected);
            });
            assertThat(last[0]).isEqualTo(expected);
        }
    }

    @Test
    void theStoreGoesAwayAndComesBack() throws Exception {
        try (ExternalStore store = open(folder);
                ClusterHarness harness = cluster(store, "outage")) {
            LocalNode leader = harness.leader();
            harness.startWriters();
            harness.await(
                    "acknowledgements", () -> harness.writer(leader).acks().size() >= 50);

            // A restart is usually over before the lease is. If a slow machine makes it longer, the primary stops in
            // time.
            store.restart();
            LocalNode holder = writing(harness, System.nanoTime() + TimeUnit.SECONDS.toNanos(20));
            System.out.printf(
                    "MEASURED %s restarted: %s%n",
                    store.section(), holder.equals(leader) ? "the primary went on" : "another node leads");
            if (!holder.equals(leader)) {
                harness.assertOneAfterTheOther(leader, holder);
            }
            harness.awaitWhole();

            long frozen = System.nanoTime();
            store.freeze();
            TimeUnit.SECONDS.sleep(20);
            harness.await("nobody takes writes", () -> harness.nodes().stream()
                    .noneMatch(node -> harness.isInRecovery(node).equals(Optional.of(false))));
            assertThat(harness.writer(holder).last().orElseThrow().nanos())
                    .as("the last acknowledgement, against the end of the lease")
                    .isLessThan(frozen + TimeUnit.SECONDS.toNanos(20));
            store.thaw();
            writing(harness, System.nanoTime());
            harness.awaitWhole();
        }
    }

    /** Whoever has a write acknowledged after this moment. */
    private static LocalNode writing(ClusterHarness harness, long since) throws Exception {
        LocalNode[] found = new LocalNode[1];
        harness.await("somebody takes writes", () -> harness.nodes().stream()
                .filter(node -> harness.writer(node).firstAfter(since).isPresent())
                .findFirst()
                .map(node -> found[0] = node)
                .isPresent());
        return found[0];
    }

    private static String captured(String name) throws IOException {
        String file = name.contains(".") ? name : name + ".txt";
        try (InputStream in = StoreClusterContract.class.getResourceAsStream("/captured/" + file)) {
            return new String(Objects.requireNonNull(in, file).readAllBytes(), UTF_8);
        }
    }

    private static String shape(ClusterHarness harness, LocalNode leader, String text) {
        List<LocalNode> others = harness.nodesBut(leader);
        return shape(text, leader.name(), others.get(0).name(), others.get(1).name());
    }

    /** The same for two clusters of three that are in the same state, whatever their names, addresses and positions are. */
    private static String shape(String text, String leader, String one, String other) {
        List<String> lines = new ArrayList<>();
        for (String line : text.split("\n", -1)) {
            lines.add(line.replaceAll("\\b" + leader + "\\b", "LEADER")
                    .replaceAll("\\b" + one + "\\b", "ONE")
                    .replaceAll("\\b" + other + "\\b", "TWO")
                    .replaceAll("\\b(bench|demo)\\b", "SCOPE")
                    .replaceAll("\\(\\d+\\)", "(ID)")
                    .replaceAll("\\d{4}-\\d\\d-\\d\\dT[0-9:.+]+", "TIME")
                    .replaceAll("127\\.0\\.0\\.1:\\d+", "HOST")
                    .replaceAll("\\b[0-9A-F]+/[0-9A-F]+\\b", "LSN")
                    .replaceAll("\\|\\s+\\d+ (?=\\|)", "| N ")
                    .replaceAll("-+", "-")
                    .replaceAll(" +", " "));
        }
        // Rows come by name, and any name may lead.
        lines.sort(null);
        return String.join("\n", lines);
    }

    /**
     * To the byte but for what differs between any two clusters: numbers, names, the order of what its writer gave no order (the
     * document of config, the slots in status), and the one field a member has beyond Patroni's, its own version.
     */
    private static String valueShape(String key, String value, String leader, String one, String other)
            throws IOException {
        if (key.endsWith("/config")) {
            return SORTED.writeValueAsString(JSON.readValue(value, TreeMap.class));
        }
        String shape = shape(value.replaceAll(",\"regent_version\":\"[^\"]+\"", ""), leader, one, other)
                .replaceAll("\\d+", "N");
        if (key.endsWith("/status")) {
            List<String> words = new ArrayList<>(List.of(shape.split("[{},\\[\\]]+")));
            words.sort(null);
            return String.join(",", words);
        }
        return shape;
    }
}
