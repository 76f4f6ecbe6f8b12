package org.pgregent.launcher.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class VariablesTest {

    private static Object of(String variable, String value, String... path) {
        return Variables.over(Document.EMPTY, Map.of("PATRONI_" + variable, value))
                .at(List.of(path))
                .orElseThrow();
    }

    @Test
    void listsAreYamlOrItemsWithCommas() {
        List<String> both = List.of("10.0.0.1:2379", "10.0.0.2:2379");
        assertThat(of("ETCD3_HOSTS", "'10.0.0.1:2379','10.0.0.2:2379'", "etcd3", "hosts"))
                .isEqualTo(both);
        assertThat(of("ETCD3_HOSTS", "['10.0.0.1:2379', '10.0.0.2:2379']", "etcd3", "hosts"))
                .isEqualTo(both);
        assertThat(of("ETCD_HOSTS", "10.0.0.1:2379,10.0.0.2:2379", "etcd", "hosts"))
                .isEqualTo(both);
        assertThat(of("ZOOKEEPER_HOSTS", "- '10.0.0.1:2379'\n- 10.0.0.2:2379", "zookeeper", "hosts"))
                .isEqualTo(both);
        assertThat(of("CONSUL_SERVICE_TAGS", "one,two", "consul", "service_tags"))
                .isEqualTo(List.of("one", "two"));
        assertThat(of("RESTAPI_ALLOWLIST", "10.0.0.0/8, db.example.org", "restapi", "allowlist"))
                .isEqualTo(List.of("10.0.0.0/8", "db.example.org"));
    }

    @Test
    void mappingsMayLackTheirBraces() {
        Map<String, String> levels = Map.of("patroni.postmaster", "WARNING", "urllib3", "DEBUG");
        assertThat(of("LOG_LOGGERS", "{patroni.postmaster: WARNING, urllib3: DEBUG}", "log", "loggers"))
                .isEqualTo(levels);
        assertThat(of("LOG_LOGGERS", "patroni.postmaster: WARNING, urllib3: DEBUG", "log", "loggers"))
                .isEqualTo(levels);
        assertThat(of("ZOOKEEPER_SET_ACLS", "{'CN=a': [READ, WRITE]}", "zookeeper", "set_acls"))
                .isEqualTo(Map.of("CN=a", List.of("READ", "WRITE")));
        assertThat(of("ZOOKEEPER_AUTH_DATA", "digest: 'user:pw'", "zookeeper", "auth_data"))
                .isEqualTo(Map.of("digest", "user:pw"));
    }

    @Test
    void booleansAndNumbersAreSuch() {
        assertThat(of("CONSUL_VERIFY", "off", "consul", "verify")).isEqualTo(false);
        assertThat(of("CONSUL_REGISTER_SERVICE", "1", "consul", "register_service"))
                .isEqualTo(true);
        assertThat(of("ETCD3_USE_PROXIES", "Yes", "etcd3", "use_proxies")).isEqualTo(true);
        assertThat(of("CTL_INSECURE", "true", "ctl", "insecure")).isEqualTo(true);
        assertThat(of("THREAD_POOL_SIZE", "7", "thread_pool_size")).isEqualTo(7L);
        assertThat(of("ETCD_PORT", "x", "etcd", "port")).isEqualTo("x");
        assertThat(of("SUPERUSER_PASSWORD", "123", "postgresql", "authentication", "superuser", "password"))
                .isEqualTo("123");
    }

    @Test
    void aFormatIsATextUnlessItIsAList() {
        assertThat(of("LOG_FORMAT", "%(asctime)s [%(levelname)s]", "log", "format"))
                .isEqualTo("%(asctime)s [%(levelname)s]");
        assertThat(of("LOG_FORMAT", "[asctime, {message: msg}]", "log", "format"))
                .isEqualTo(List.of("asctime", Map.of("message", "msg")));
    }

    @Test
    void theNewNameOfAVariableWins() {
        Map<String, String> both = Map.of("PATRONI_LOGLEVEL", "DEBUG", "PATRONI_LOG_LEVEL", "ERROR");
        Document document = Variables.over(Document.EMPTY, both);
        assertThat(document.at(List.of("log", "level"))).contains("ERROR");
        assertThat(document.origin("log.level")).contains("PATRONI_LOG_LEVEL");
        assertThat(of("LOGLEVEL", "DEBUG", "log", "level")).isEqualTo("DEBUG");
        assertThat(of("LOG_DATEFMT", "%H", "log", "dateformat")).isEqualTo("%H");
    }

    @Test
    void aPasswordAloneMakesNoStore() {
        Map<String, String> login = Map.of("PATRONI_ETCD_USERNAME", "u", "PATRONI_ETCD_PASSWORD", "p");
        assertThat(Variables.over(Document.EMPTY, login).isEmpty()).isTrue();

        Map<String, String> more = new LinkedHashMap<>(login);
        more.put("PATRONI_ETCD_HOST", "a:1");
        assertThat(Variables.over(Document.EMPTY, more).at(List.of("etcd", "password")))
                .contains("p");

        Document file = Document.of(Map.of("etcd", Map.of("host", "a:1")), "file");
        assertThat(Variables.over(file, login).at(List.of("etcd", "password"))).contains("p");
    }

    @Test
    void emptyOnesCountAsAbsent() {
        Document file = Document.of(Map.of("scope", "main"), "file");
        assertThat(Variables.over(file, Map.of("PATRONI_SCOPE", "", "PATRONI_NAME", " ")))
                .extracting(Document::values)
                .isEqualTo(Map.of("scope", "main"));
    }

    /** The contract's table, by section: so that none is forgotten and none invented. */
    @Test
    void allOfThemAreKnown() {
        Map<String, Long> counted = Schema.local().keys().stream()
                .flatMap(key -> key.variables().stream())
                .collect(Collectors.groupingBy(
                        name -> name.split("_")[0], java.util.TreeMap::new, Collectors.counting()));
        assertThat(counted)
                .containsEntry("NAME", 1L)
                .containsEntry("NAMESPACE", 1L)
                .containsEntry("SCOPE", 1L)
                .containsEntry("THREAD", 2L)
                .containsEntry("LOG", 14L)
                .containsEntry("LOGLEVEL", 1L)
                .containsEntry("LOGFORMAT", 1L)
                .containsEntry("RESTAPI", 17L)
                .containsEntry("CTL", 7L)
                .containsEntry("POSTGRESQL", 14L)
                .containsEntry("SUPERUSER", 12L)
                .containsEntry("REPLICATION", 12L)
                .containsEntry("REWIND", 12L)
                .containsEntry("ETCD", 14L)
                .containsEntry("ETCD3", 14L)
                .containsEntry("CONSUL", 16L)
                .containsEntry("ZOOKEEPER", 9L)
                .containsEntry("EXHIBITOR", 2L)
                .containsEntry("KUBERNETES", 16L)
                .containsEntry("RETRIABLE", 1L)
                .containsEntry("RAFT", 11L)
                .containsEntry("CITUS", 2L)
                .hasSize(22);
        assertThat(Schema.local().keys().stream().flatMap(key -> key.variables().stream()))
                .doesNotHaveDuplicates();
    }

    @Test
    void unknownOnesGetAHintWithTheNearest() {
        List<Problem> hints =
                Variables.unknown(Map.of("PATRONI_RESTAPI_LISTN", "x", "PATRONI_SCOPE", "y", "PATH", "z"));
        assertThat(hints).singleElement().satisfies(hint -> assertThat(hint.line())
                .startsWith("PATRONI_RESTAPI_LISTN is no variable")
                .endsWith("did you mean PATRONI_RESTAPI_LISTEN?"));
    }
}
