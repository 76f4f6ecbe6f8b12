package org.pgregent.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgregent.dcs.consul.ConsulServer;
import org.pgregent.dcs.etcd.EtcdServer;
import org.pgregent.dcs.testkit.FreePorts;
import org.pgregent.launcher.Json;

/**
 * The libraries of all stores, ZooKeeper's server and Jetty live in one process, from the one jar: on the Java of this build, and
 * on the newest that we promise.
 */
@Timeout(300)
class AllStoresIT {

    private static final Path JAR = Path.of(System.getProperty("pgregent.jar", "../target/pgregent.jar"));

    @TempDir
    Path folder;

    private final Map<String, Object> stores = new LinkedHashMap<>();
    private final List<AutoCloseable> servers = new ArrayList<>();

    /** Each store's section, for a server that this test has started. */
    @BeforeEach
    void startServers() throws Exception {
        stores.put("zookeeper", embeddedZooKeeper());
        stores.put("etcd3", started(EtcdServer.start()).section());
        stores.put(
                "consul", started(ConsulServer.start(folder.resolve("consul"))).section(0));
    }

    private <T extends AutoCloseable> T started(T server) {
        servers.add(server);
        return server;
    }

    @AfterEach
    void stopServers() throws Exception {
        for (AutoCloseable server : servers) {
            server.close();
        }
    }

    /** Its server is in that one process, too. */
    private Map<String, Object> embeddedZooKeeper() throws IOException {
        List<Integer> ports = FreePorts.take(3);
        String server = "127.0.0.1:" + ports.get(0) + ":" + ports.get(1) + ":" + ports.get(2);
        return Map.of(
                "embedded",
                Map.of("id", 1, "data_dir", folder.resolve("quorum").toString(), "servers", Map.of("1", server)));
    }

    /** The Java of this build, and 25 where there is one; a machine of the continuous integration must have it. */
    static Stream<Path> javaHomes() throws IOException {
        Path own = Path.of(System.getProperty("java.home"));
        Optional<Path> newest = java25();
        if (newest.isEmpty()) {
            String missing =
                    "no JDK 25 in /usr/lib/jvm, and JAVA25_HOME is not set: all stores in one process are tried on "
                            + own + " only";
            if (System.getenv("CI") != null) {
                throw new IllegalStateException(missing + "; install one");
            }
            System.out.println(missing);
        }
        return Stream.concat(Stream.of(own), newest.stream()).distinct();
    }

    @ParameterizedTest
    @MethodSource("javaHomes")
    void allStoresWorkInOneProcess(Path javaHome) throws Exception {
        System.out.println("all stores in one process on " + javaHome);
        useAll(javaHome);
    }

    private static Optional<Path> java25() throws IOException {
        String named = System.getenv("JAVA25_HOME");
        if (named != null) {
            return Optional.of(Path.of(named));
        }
        Path all = Path.of("/usr/lib/jvm");
        if (!Files.isDirectory(all)) {
            return Optional.empty();
        }
        try (Stream<Path> homes = Files.list(all)) {
            return homes.filter(AllStoresIT::isJava25).findFirst();
        }
    }

    private static boolean isJava25(Path home) {
        try {
            return Files.isExecutable(home.resolve("bin").resolve("java"))
                    && Files.readString(home.resolve("release")).contains("JAVA_VERSION=\"25");
        } catch (IOException noJavaHere) {
            return false;
        }
    }

    private void useAll(Path javaHome) throws Exception {
        Path settings = Files.writeString(folder.resolve("stores.json"), Json.write(stores));
        Path log = folder.resolve("all.log");
        Path ownClasses = Path.of(AllStoresMain.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        Process process = new ProcessBuilder(
                        javaHome.resolve("bin").resolve("java").toString(),
                        "-Xmx128m",
                        "-cp",
                        JAR + ":" + ownClasses,
                        AllStoresMain.class.getName(),
                        settings.toString(),
                        folder.resolve("state").toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(process.waitFor(200, TimeUnit.SECONDS))
                    .as(Files.readString(log))
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        String said = Files.readString(log);
        assertThat(process.exitValue()).as(said).isZero();
        assertThat(said.lines()).contains("used jetty");
        assertThat(said).doesNotContain("NoClassDefFoundError", "NoSuchMethodError", "ClassNotFoundException");
        for (String store : stores.keySet()) {
            assertThat(said.lines()).contains("used " + store);
        }
    }
}
