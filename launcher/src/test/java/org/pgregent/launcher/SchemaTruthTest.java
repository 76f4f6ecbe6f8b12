package org.pgregent.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.pgregent.core.model.DynamicConfig;
import org.pgregent.core.model.Settings;
import org.pgregent.launcher.config.Document;
import org.pgregent.launcher.config.Key;
import org.pgregent.launcher.config.Kind;
import org.pgregent.launcher.config.Schema;

/**
 * What the schema says of a key, and with it the reference, is what the settings records do: the default it names is theirs, a
 * key that is used changes them, and one that is said to come later does not.
 */
class SchemaTruthTest {

    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    private static final Document LEAST = Document.of(
            Map.of(
                    "scope", "main",
                    "name", "n1",
                    "restapi", Map.of("listen", "a:1"),
                    "bootstrap", Map.of("dcs", Map.of("ttl", 30)),
                    "zookeeper", Map.of("hosts", List.of("z:1")),
                    "postgresql",
                            Map.of(
                                    "listen",
                                    "a:2",
                                    "data_dir",
                                    "/x/y",
                                    "authentication",
                                    Map.of(
                                            "superuser",
                                            Map.of("username", "u"),
                                            "replication",
                                            Map.of("username", "r"),
                                            "rewind",
                                            Map.of("username", "w")))),
            "test");

    /** Where any text will not do. */
    private static final Map<String, Object> SAMPLES = Map.of(
            "regent.state_dir", "/x/s",
            "restapi.listen", "b:3",
            "restapi.connect_address", "b:3",
            "postgresql.listen", "b:3",
            "postgresql.connect_address", "b:3",
            "postgresql.data_dir", "/x/z",
            "postgresql.config_dir", "/x/c",
            "postgresql.bin_dir", "/x/b",
            "postgresql.pgpass", "/x/p",
            "regent.minimum_ttl", 7);

    /** Used by others than the records: each with who. */
    private static final Map<String, String> ELSEWHERE = Map.of(
            "log.level", "LogLevels, from the document",
            "log.loggers", "LogLevels, from the document",
            "regent.witness", "Main: WitnessConfigTest",
            "regent.plugins", "ProviderCatalog, before the records are read",
            "postgresql.name", "only where name is missing: OldLayoutsTest",
            "postgresql.superuser", "OldLayouts, before the records are read",
            "postgresql.replication", "OldLayouts, before the records are read",
            "postgresql.pg_rewind", "OldLayouts, before the records are read");

    private static final Set<String> STORES =
            Set.of("consul", "etcd", "etcd3", "zookeeper", "exhibitor", "kubernetes", "raft");

    private final ProviderCatalog catalog = ProviderCatalog.of(List.of(new StubProvider("zookeeper")));

    SchemaTruthTest() throws ConfigException {}

    private static Stream<Key> local() {
        return Schema.local().keys().stream()
                .filter(key -> !key.path().startsWith("bootstrap.dcs"))
                .filter(key -> key.kind() != Kind.SECTION)
                .filter(key -> !STORES.contains(key.path().split("\\.")[0]))
                .filter(key -> !ELSEWHERE.containsKey(key.path()));
    }

    /** The records alone, without what they were read from; and what of it goes over the cluster's settings. */
    private List<Object> read(Document document) throws ConfigException {
        LauncherConfig read = LauncherConfig.parse(document, catalog);
        return List.of(
                read.postgresql(),
                new LauncherConfig(
                        read.scope(),
                        read.namespace(),
                        read.name(),
                        read.rest(),
                        read.postgres(),
                        read.tags(),
                        read.bootstrap(),
                        read.store(),
                        read.own(),
                        Document.EMPTY));
    }

    private static Document with(Key key, Object value) {
        return LEAST.with(List.of(key.path().split("\\.")), value, "test");
    }

    private static Object fallback(Key key) throws JsonProcessingException {
        return key.kind() == Kind.TEXT || key.kind() == Kind.ANY
                ? key.fallback()
                : YAML.readValue(key.fallback(), Object.class);
    }

    /** Something other than the default. */
    private static Object sample(Key key) {
        if (SAMPLES.containsKey(key.path())) {
            return SAMPLES.get(key.path());
        }
        return switch (key.kind()) {
            case TEXT ->
                key.choices().stream()
                        .filter(choice -> !choice.equals(key.fallback())
                                && !key.refusedValues().contains(choice))
                        .findFirst()
                        .orElse("else");
            case WHOLE ->
                String.valueOf(Math.max(key.least(), 0)).equals(key.fallback())
                        ? Math.max(key.least(), 0) + 1
                        : Math.max(key.least(), 0);
            case REAL -> 1.5;
            case FLAG -> !Boolean.parseBoolean(key.fallback());
            case LIST, TEXTS, OPTIONS -> List.of("else");
            case MAP, SECTION -> Map.of("some", "else");
            case ANY -> "else";
        };
    }

    @Test
    void theDefaultItNamesIsTheOneThatHolds() throws Exception {
        List<Object> least = read(LEAST);
        List<String> wrong = new ArrayList<>();
        for (Key key : local().filter(key -> !key.fallback().isEmpty()).toList()) {
            boolean tag = key.path().startsWith("tags.");
            if (!tag
                    && !isOverTheClusters(key)
                    && !read(with(key, fallback(key))).equals(least)) {
                wrong.add(key.path() + ": " + key.fallback());
            }
        }
        assertThat(wrong).as("keys whose default is another one").isEmpty();
    }

    /** Unset is not the same as false for these: the cluster's value holds then. */
    private static boolean isOverTheClusters(Key key) {
        return key.path().startsWith("postgresql.remove_data_directory")
                || key.path().equals("postgresql.use_pg_rewind");
    }

    @Test
    void whatIsUsedIsInARecord() throws Exception {
        List<Object> least = read(LEAST);
        List<String> idle = new ArrayList<>();
        for (Key key : local().filter(key -> key.use() == Key.Use.USED).toList()) {
            if (read(complete(key)).equals(least)) {
                idle.add(key.path());
            }
        }
        assertThat(idle).as("keys said to be used that change nothing").isEmpty();
    }

    /** Some count only together. */
    private static Document complete(Key key) {
        Document document = with(key, sample(key));
        if (key.path().equals("bootstrap.method")) {
            return document.with(List.of("bootstrap", "else", "command"), "x", "test");
        }
        return key.path().startsWith("restapi.authentication")
                ? document.with(
                        Map.of("restapi", Map.of("authentication", Map.of("username", "else", "password", "else"))),
                        "test")
                : document;
    }

    @Test
    void whatComesLaterIsInNone() throws Exception {
        List<Object> least = read(LEAST);
        List<String> busy = new ArrayList<>();
        for (Key key : local().filter(key -> key.use() == Key.Use.LATER || key.use() == Key.Use.NONE)
                .toList()) {
            // What cannot be done when a cluster is made keeps this node from making one.
            boolean hinders = key.path().startsWith("bootstrap.post_");
            if (!hinders && !read(with(key, sample(key))).equals(least)) {
                busy.add(key.path());
            }
        }
        assertThat(busy).as("keys said to have no effect that have one").isEmpty();
    }

    @Test
    void theDefaultsOfTheClustersConfigurationAreThoseOfTheSettings() throws Exception {
        Duration shortest = Settings.CONTRACT_SHORTEST_TTL;
        Settings none = Settings.from(new DynamicConfig(Map.of()), shortest);
        for (Key key : Schema.dynamic().keys()) {
            if (!key.fallback().isEmpty() && !key.path().startsWith("postgresql.")) {
                Settings given = Settings.from(new DynamicConfig(Map.of(key.path(), fallback(key))), shortest);
                assertThat(given).as(key.path()).isEqualTo(none);
            }
        }
    }
}
