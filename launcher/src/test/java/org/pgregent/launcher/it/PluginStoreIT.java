package org.pgregent.launcher.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgregent.example.table.TableServer;
import org.pgregent.launcher.AsUser;
import org.pgregent.launcher.Jvm;
import org.pgregent.launcher.demo.LocalNode;

/** A store that is not ours, dropped in a folder: the example's, on a PostgreSQL server of its own, as the store of whole clusters. */
@Timeout(600)
class PluginStoreIT {

    private static Path folder;
    private static TableServer server;

    @BeforeAll
    static void startTheStore() throws Exception {
        folder = Files.createTempDirectory("pgregent-it-plugin-").toRealPath();
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path home = Files.createDirectory(folder.resolve("server"));
        UnaryOperator<List<String>> asUser = UnaryOperator.identity();
        if (AsUser.amRoot()) {
            AsUser postgres = AsUser.named("postgres").orElseThrow();
            Files.setOwner(
                    home, home.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(postgres.name()));
            asUser = postgres::prefix;
        }
        server = TableServer.start(home.resolve("data"), folder, asUser);
    }

    @AfterAll
    static void stopTheStore() throws IOException {
        if (server != null) {
            server.close();
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    /** As an operator would: the folder with the plug-in's jar and its library, owned by whoever installs. */
    private static Path dropPlugin(String name) throws IOException {
        Path from =
                Path.of(System.getProperty("pgregent.plugin", "../examples/custom-dcs/target/plugin/postgres-table"));
        Path plugins = Files.createDirectory(folder.resolve(name));
        Path to = Files.createDirectory(plugins.resolve("postgres-table"));
        for (Path each : List.of(plugins, to)) {
            Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        List<Path> jars = jarsIn(from);
        assertThat(jars).hasSize(2);
        for (Path jar : jars) {
            Path copy = Files.copy(jar, to.resolve(jar.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
            Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-r--r--"));
        }
        return plugins;
    }

    private static List<Path> jarsIn(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(file -> file.toString().endsWith(".jar")).toList();
        }
    }

    private static UnaryOperator<Map<String, Object>> onThePlugin(Path plugins) {
        return config -> {
            config.remove("zookeeper");
            config.put("postgres_table", TableServer.settings(server.port()));
            ClusterHarness.section(config, "regent").put("plugins", plugins.toString());
            return config;
        };
    }

    @Test
    void aClusterStartsFailsOverAndOutlivesARestartOfItsStore() throws Exception {
        Path plugins = dropPlugin("plugins-of-a-cluster");
        try (ClusterHarness harness = ClusterHarness.create("plugin-store", 3, ClusterHarness.STEADY)) {
            for (LocalNode node : harness.nodes()) {
                harness.edit(node, onThePlugin(plugins));
            }
            harness.started();
            LocalNode old = harness.leader();
            harness.startWriters();
            harness.await("acknowledgements", () -> harness.writer(old).acks().size() >= 100);

            long killed = System.nanoTime();
            harness.killAgentAndPostgres(old);
            LocalNode next = harness.awaitLeaderOtherThan(old);
            harness.awaitWritesOn(next, killed);
            harness.assertOneAfterTheOther(old, next);
            System.out.printf(
                    "MEASURED agent and PostgreSQL killed, store in a table: no writes for %.2f s%n",
                    (harness.writer(next).acks().get(0).nanos() - killed) / 1e9);
            harness.start(old);
            harness.awaitWhole();

            server.kill();
            server.start();
            long restarted = System.nanoTime();
            harness.awaitWhole();
            harness.awaitWritesOn(harness.leader(), restarted);
        }
    }

    private static String refused(ClusterHarness harness, UnaryOperator<Map<String, Object>> config) throws Exception {
        LocalNode node = harness.nodes().get(0);
        harness.edit(node, config);
        harness.start(node);
        Process agent = harness.cluster().agent(node).orElseThrow();
        boolean ended = agent.waitFor(ClusterHarness.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        String log = harness.logOf(node);
        assertThat(ended).as(log).isTrue();
        assertThat(agent.exitValue()).as(log).isEqualTo(1);
        assertThat(log).doesNotContain("\tat org.pgregent");
        return log;
    }

    @Test
    void aPluginThatIsNotThereOrNotSafeIsAStartError() throws Exception {
        Path plugins = dropPlugin("plugins-refused");
        try (ClusterHarness harness = ClusterHarness.create("plugin-refused", 1, ClusterHarness.STEADY)) {
            Files.setPosixFilePermissions(plugins, PosixFilePermissions.fromString("rwxrwxrwx"));
            assertThat(refused(harness, onThePlugin(plugins)))
                    .contains(plugins + " can be written to by others")
                    .contains("chmod go-w");

            Files.setPosixFilePermissions(plugins, PosixFilePermissions.fromString("rwxr-xr-x"));
            for (Path jar : jarsIn(plugins.resolve("postgres-table"))) {
                if (jar.getFileName().toString().startsWith("postgresql")) {
                    Files.delete(jar);
                }
            }
            assertThat(refused(harness, onThePlugin(plugins)))
                    .contains(plugins + "/postgres-table does not fit")
                    .contains("org/postgresql/Driver")
                    .contains("put the library it lacks beside it");

            assertThat(refused(harness, config -> {
                        ClusterHarness.section(config, "regent").remove("plugins");
                        return config;
                    }))
                    .contains("no section of a consensus store is there")
                    .contains("zookeeper");
        }
    }

    /** The folder beside the jar needs no key. Root, who becomes somebody else, hands on what that user cannot read. */
    @Test
    void theFolderBesideTheJarIsFoundAndSurvivesTheChangeOfUser() throws Exception {
        assumeTrue(AsUser.amRoot(), "only root can become another user");
        Path plugins = dropPlugin("plugins");
        Path jar = Files.copy(Path.of(ClusterHarness.program()), folder.resolve("pgregent.jar"));
        try (ClusterHarness harness = ClusterHarness.create("plugin-beside", 1, ClusterHarness.STEADY)) {
            LocalNode node = harness.nodes().get(0);
            harness.edit(node, onThePlugin(plugins));
            harness.edit(node, config -> {
                ClusterHarness.section(config, "regent").remove("plugins");
                return config;
            });
            assertThat(staged(jar, node)).containsSequence("--plugins", plugins.toString());

            Files.setPosixFilePermissions(plugins, PosixFilePermissions.fromString("rwx------"));
            Path copies = node.stateDir().resolve("program").resolve("plugin-copies");
            assertThat(staged(jar, node)).containsSequence("--plugins", copies.toString());
            assertThat(Files.getOwner(copies).getName()).isEqualTo("postgres");
            assertThat(copies.resolve("postgres-table")).isDirectoryContaining("glob:**.jar");
        }
    }

    /** The command, word by word, that an agent started as root becomes another user with. */
    private static List<String> staged(Path jar, LocalNode node) throws Exception {
        Process process = new ProcessBuilder(Jvm.command(
                        jar.toString(), "internal-stage", node.configFile().toString()))
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said.lines().toList();
    }
}
