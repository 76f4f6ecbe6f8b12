package org.pgregent.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.launcher.config.ConfigDiff;
import org.pgregent.launcher.config.Document;
import org.pgregent.launcher.config.EffectiveConfig;
import org.pgregent.launcher.config.HostCheck;
import org.pgregent.launcher.config.Key;
import org.pgregent.launcher.config.Schema;

/** Whatever somebody writes into a configuration, the answer is a configuration or sentences about it; never a stack trace. */
class ConfigFuzzTest {

    private static final int INPUTS = 10_000;

    /** What takes longest is done for each such input only. */
    private static final int SLOW = 10;

    private static final String SECRET = "s3cret-7f";
    private static final String MARKS = "{}[]:-*&!|>'\"%@`#,? \t\n\\~=<0x9.eé\u0000\ud83d\u2028";

    private static final String GOOD = """
            scope: main
            name: n1
            restapi: {listen: '127.0.0.1:8008', http_extra_headers: {X: '1'}}
            zookeeper:
              hosts: ['127.0.0.1:1']
            bootstrap:
              dcs: {ttl: 30, postgresql: {parameters: {max_connections: 100}}}
              initdb: [data-checksums, {encoding: UTF8}]
            postgresql:
              listen: 127.0.0.1:5432
              data_dir: /srv/pg/main
              authentication:
                superuser: &u {username: postgres, password: "a b"}
                replication: {<<: *u, username: replicator}
              parameters: {shared_buffers: 16MB, fsync: off}
              pg_hba:
              - host all all all scram-sha-256
            tags: {clonefrom: true, rack: 7}
            """;

    @TempDir
    private Path folder;

    private final ProviderCatalog catalog =
            ProviderCatalog.of(List.of(new StubProvider("zookeeper"), new StubProvider("mine")));
    private final Document good = document(GOOD);

    private int inputs;
    private int accepted;
    private int refused;

    ConfigFuzzTest() throws ConfigException {}

    private static Document document(String text) throws ConfigException {
        return ConfigSource.read(Optional.empty(), Map.of("PATRONI_CONFIGURATION", text));
    }

    /** All that is done with a configuration before anything outside of it is touched. */
    private void digest(Map<String, String> environment, String input, boolean secrets) {
        List<String> said = new ArrayList<>();
        try {
            Document document = ConfigSource.read(Optional.empty(), environment);
            LauncherConfig.check(document, catalog).forEach(problem -> said.add(problem.marked()));
            if (++inputs % SLOW == 0) {
                said.add(EffectiveConfig.local(document, Map.of()));
                HostCheck.of(withoutStores(document), false).forEach(problem -> said.add(problem.marked()));
            }
            ConfigDiff diff = ConfigDiff.between(good, document);
            said.addAll(diff.restart());
            said.add(diff.merged().toString());
            LauncherConfig config = LauncherConfig.parse(document, catalog);
            said.add(config.rest() + " " + config.store() + " " + config.connUrl() + " " + config.basePath());
            said.addAll(config.hints(catalog));
            LauncherConfig.parse(diff.merged(), catalog);
            accepted++;
        } catch (ConfigException e) {
            refused++;
            assertThat(e.problems()).as(input).isNotEmpty();
            said.addAll(e.problems());
        } catch (RuntimeException | StackOverflowError e) {
            throw new AssertionError("not a message but " + e + " for:\n" + input, e);
        }
        for (String line : said) {
            // Asked plainly first: assertions are dear where there are a hundred thousand.
            if (line.isBlank()
                    || line.contains("\tat ")
                    || line.contains("java.lang.")
                    || secrets && line.contains(SECRET)) {
                assertThat(line).as(input).isNotBlank().doesNotContain("\tat ", "java.lang.", SECRET);
            }
        }
    }

    /** Nobody is called. */
    private static Document withoutStores(Document document) {
        Document rest = document;
        for (String store : List.of("consul", "etcd", "etcd3", "zookeeper")) {
            rest = rest.without(List.of(store));
        }
        return rest;
    }

    @Test
    void damagedText() {
        for (int seed = 0; seed < INPUTS; seed++) {
            String text = damaged(new Random(seed));
            digest(Map.of("PATRONI_CONFIGURATION", text), "seed " + seed + ":\n" + text, false);
        }
        assertThat(accepted).as("inputs that are still a configuration").isGreaterThan(INPUTS / 50);
        assertThat(refused).as("inputs that are none").isGreaterThan(INPUTS / 4);
    }

    private static String damaged(Random random) {
        StringBuilder text = new StringBuilder(GOOD);
        for (int i = random.nextInt(4); i >= 0; i--) {
            int at = random.nextInt(text.length());
            int end = Math.min(text.length(), at + 1 + random.nextInt(1 + random.nextInt(30)));
            switch (random.nextInt(5)) {
                case 0 -> text.deleteCharAt(at);
                case 1 -> text.insert(at, MARKS.charAt(random.nextInt(MARKS.length())));
                case 2 -> text.setCharAt(at, MARKS.charAt(random.nextInt(MARKS.length())));
                case 3 -> text.delete(at, end);
                default -> text.insert(random.nextInt(text.length()), text.substring(at, end));
            }
        }
        return text.toString();
    }

    @Test
    void keysWithValuesOfEveryShape() {
        List<Key> keys = Schema.local().keys();
        for (int seed = 0; seed < INPUTS; seed++) {
            Random random = new Random(seed);
            Document document = random.nextInt(4) == 0 ? Document.EMPTY : good;
            for (int i = random.nextInt(6); i >= 0; i--) {
                Key key = keys.get(random.nextInt(keys.size()));
                Object value = key.secret() ? secret(random) : value(random, 2);
                List<String> path = List.of(key.path().split("\\."));
                document = document.with(path.subList(0, 1 + random.nextInt(path.size())), value(random, 2), "fuzz");
                document = document.with(path, value, "fuzz");
            }
            String text = Json.write(document.values());
            digest(Map.of("PATRONI_CONFIGURATION", text), "seed " + seed + ":\n" + text, true);
        }
        assertThat(refused).as("inputs that are refused").isGreaterThan(INPUTS / 4);
    }

    private static Object secret(Random random) {
        return switch (random.nextInt(3)) {
            case 0 -> List.of(SECRET);
            case 1 -> Map.of("x", SECRET);
            default -> SECRET;
        };
    }

    private static Object value(Random random, int depth) {
        return switch (random.nextInt(depth > 0 ? 12 : 9)) {
            case 0 -> random.nextInt(100);
            case 1 -> random.nextLong();
            case 2 -> random.nextDouble() * 1e300;
            case 3 -> random.nextBoolean();
            case 4 -> "";
            case 5 ->
                List.of("/", "*", "a:99999999999", "[::1", "::", ",", "a,b:", "http://u:p@h:x/", "%", "\u0000", "-1")
                        .get(random.nextInt(11));
            case 6 -> "x".repeat(random.nextInt(300));
            case 7 -> new java.math.BigInteger(100, random);
            case 8 -> List.of();
            case 9 ->
                new ArrayList<>(java.util.Arrays.asList(value(random, depth - 1), null, value(random, depth - 1)));
            default -> {
                Map<String, Object> map = new LinkedHashMap<>();
                map.put(List.of("a", "a.b", "", "command", "null").get(random.nextInt(5)), value(random, depth - 1));
                yield map;
            }
        };
    }

    @Test
    void variablesOfEveryShape() {
        List<String> names = Schema.local().keys().stream()
                .flatMap(key -> key.secret() ? java.util.stream.Stream.empty() : key.variables().stream())
                .toList();
        for (int seed = 0; seed < INPUTS; seed++) {
            Random random = new Random(seed);
            Map<String, String> environment = new TreeMap<>();
            for (int i = random.nextInt(5); i >= 0; i--) {
                String name = names.get(random.nextInt(names.size()));
                environment.put(
                        "PATRONI_" + name, String.valueOf(value(random, 2)).replace('\u0000', '0'));
            }
            digest(environment, "seed " + seed + ":\n" + environment, false);
        }
    }

    /** Through the program's own door, as a user would see it. */
    @Test
    void whatTheValidationPrints() throws IOException, ConfigException {
        Path file = folder.resolve("n.yml");
        for (int seed = 0; seed < 300; seed++) {
            String text = damaged(new Random(seed));
            Files.write(file, text.getBytes(StandardCharsets.UTF_8));
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            PrintStream stream = new PrintStream(bytes, true, StandardCharsets.UTF_8);
            ConfigCommands commands =
                    new ConfigCommands(Optional.of(file), Map.of(), document -> catalog, stream, stream);
            try {
                assertThat(commands.validate(false, seed % 2 == 0)).isIn(0, 1);
            } catch (ConfigException e) {
                assertThat(e.problems()).isNotEmpty();
            }
            assertThat(bytes.toString(StandardCharsets.UTF_8))
                    .as("seed %d", seed)
                    .doesNotContain("\tat ");
        }
    }
}
