package org.pgregent.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whoever embeds the launcher gets the jars of the stores he asked for, and of no other. The build lists each module's. */
class ClassPathTest {

    /** @param marks how the names of jars begin that come with this store alone */
    private record Store(String module, String client, Set<String> marks) {

        boolean marks(String jar) {
            return jar.equals(module) || marks.stream().anyMatch(jar::startsWith);
        }

        @Override
        public String toString() {
            return module;
        }
    }

    private static final List<Store> STORES = List.of(
            new Store("dcs-consul", "consul-api", Set.of("consul-", "httpclient", "httpcore", "gson")),
            new Store("dcs-etcd", "jetcd-core", Set.of("jetcd-", "grpc-", "vertx-", "protobuf-", "failsafe")),
            new Store(
                    "dcs-zookeeper", "curator-framework", Set.of("curator-", "zookeeper", "snappy-", "metrics-core")));

    private static final Path ROOT = Path.of("..", "..").toAbsolutePath().normalize();
    private static final Pattern JAR = Pattern.compile("(.+?)-\\d[^/]*\\.jar");

    static List<Store> stores() {
        return STORES;
    }

    /** By their names without versions, each with its file. */
    private static Map<String, Path> classPath(String folder) throws IOException {
        Path listed = ROOT.resolve(folder).resolve("target").resolve("classpath.txt");
        Map<String, Path> jars = new TreeMap<>();
        for (String entry : Files.readString(listed).strip().split(":")) {
            if (!entry.isEmpty()) {
                Path file = Path.of(entry);
                jars.put(nameOf(file), file);
            }
        }
        return jars;
    }

    /** In a build that makes no jars, a module is its folder of classes. */
    private static String nameOf(Path file) {
        if (file.endsWith(Path.of("target", "classes"))) {
            return file.getParent().getParent().getFileName().toString();
        }
        var matcher = JAR.matcher(file.getFileName().toString());
        assertThat(matcher.matches()).as("a jar with a version: " + file).isTrue();
        return matcher.group(1);
    }

    @Test
    void everyStoreOfTheBuildIsLookedAt() throws IOException {
        try (Stream<Path> modules = Files.list(ROOT)) {
            assertThat(modules.map(module -> module.getFileName().toString())
                            .filter(name -> name.startsWith("dcs-") && !name.equals("dcs-spi")))
                    .containsExactlyInAnyOrderElementsOf(
                            STORES.stream().map(Store::module).toList());
        }
    }

    @Test
    void theLauncherAloneBringsNoStore() throws IOException {
        Set<String> jars = classPath("launcher").keySet();
        assertThat(jars).contains("ha-core", "pg-adapter", "dcs-spi", "jetty-server");
        for (Store store : STORES) {
            assertThat(jars).as("of " + store).noneMatch(store::marks);
        }
    }

    @ParameterizedTest
    @MethodSource("stores")
    void theLauncherWithOneStoreBringsNoOther(Store store) throws IOException {
        Map<String, Path> jars = classPath("launcher");
        jars.putAll(classPath(store.module()));
        for (Store other : STORES) {
            if (!other.equals(store)) {
                assertThat(jars.keySet()).as("with " + store + ", of " + other).noneMatch(other::marks);
            }
        }
        if (Files.exists(ROOT.resolve(store.module()).resolve("src").resolve("main"))) {
            assertThat(jars.keySet()).contains(store.client());
        }
        long bytes = 0;
        for (Path jar : jars.values()) {
            bytes += Files.isRegularFile(jar) ? Files.size(jar) : 0;
        }
        System.out.printf(
                "MEASURED class path of launcher and %s: %d jars, %d KB%n  %s%n",
                store, jars.size(), bytes / 1024, String.join(" ", jars.keySet()));
    }

    /** A plug-in of the example's kind adds nothing to ours, and brings one library. */
    @Test
    void aPluginBringsItsOwnLibraries() throws IOException {
        Set<String> jars = new TreeSet<>(classPath("examples/custom-dcs").keySet());
        assertThat(jars).containsExactly("postgresql");
        assertThat(STORES.stream()
                        .filter(store -> jars.stream().anyMatch(store::marks))
                        .collect(Collectors.toSet()))
                .isEmpty();
    }
}
