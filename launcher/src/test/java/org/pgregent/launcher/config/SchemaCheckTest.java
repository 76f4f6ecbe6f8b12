package org.pgregent.launcher.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgregent.launcher.config.Problem.Severity.ERROR;
import static org.pgregent.launcher.config.Problem.Severity.HINT;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SchemaCheckTest {

    private static final Map<String, Object> LEAST = Map.of(
            "scope",
            "main",
            "name",
            "n",
            "restapi",
            Map.of("listen", "a:1"),
            "postgresql",
            Map.of(
                    "listen",
                    "a:2",
                    "data_dir",
                    "/x",
                    "authentication",
                    Map.of("superuser", Map.of("username", "u"), "replication", Map.of("username", "r"))));

    private static List<Problem> check(Map<String, Object> more) {
        return SchemaCheck.of(Document.of(LEAST, "a").with(more, "b"), Set.of("mystore"));
    }

    private static List<String> lines(Problem.Severity severity, Map<String, Object> more) {
        return check(more).stream()
                .filter(problem -> problem.severity() == severity)
                .map(Problem::line)
                .toList();
    }

    @Test
    void whatIsRequiredIsMissedAndNothingElse() {
        assertThat(check(Map.of())).isEmpty();
        assertThat(SchemaCheck.of(Document.EMPTY, Set.of()))
                .extracting(Problem::path)
                .containsExactlyInAnyOrder(
                        "scope",
                        "name",
                        "restapi.listen",
                        "postgresql.listen",
                        "postgresql.data_dir",
                        "postgresql.authentication.superuser.username",
                        "postgresql.authentication.replication.username");
    }

    @Test
    void shapesAndRangesAreHeld() {
        assertThat(lines(
                        ERROR,
                        Map.of(
                                "log", Map.of("level", "LOUD", "file_num", -1),
                                "ctl", Map.of("insecure", "perhaps"),
                                "tags", List.of("a"),
                                "raft", Map.of("min_timeout", "soon"),
                                "restapi", Map.of("request_queue_size", 5000, "http_extra_headers", "x"))))
                .containsExactlyInAnyOrder(
                        "log.level 'LOUD' is not one of DEBUG, INFO, WARN, WARNING, ERROR, FATAL, CRITICAL: write one of them",
                        "log.file_num '-1' is not an integer of at least 0: write it in digits",
                        "ctl.insecure 'perhaps' is not a boolean: write true or false",
                        "tags '[a]' is not a dictionary: write its keys indented below it",
                        "raft.min_timeout 'soon' is not a number: write it in digits",
                        "restapi.request_queue_size '5000' is not an integer from 0 to 4096: write it in digits",
                        "restapi.http_extra_headers 'x' is not a dictionary: write its keys indented below it");
    }

    @Test
    void anUnknownKeyGetsTheNearestKnownOne() {
        assertThat(lines(
                        HINT,
                        Map.of(
                                "resapi", Map.of("listen", "x"),
                                "postgresql", Map.of("datadir", "/x", "use_pg_rewnd", true),
                                "bootstrap", Map.of("dcs", Map.of("tttl", 3)),
                                "data_dir", "/y",
                                "qwertz", 1)))
                .containsExactlyInAnyOrder(
                        "resapi is not a known key and is ignored: did you mean restapi?",
                        "postgresql.datadir is not a known key and is ignored: did you mean postgresql.data_dir?",
                        "postgresql.use_pg_rewnd is not a known key and is ignored: did you mean postgresql.use_pg_rewind?",
                        "bootstrap.dcs.tttl is not a known key and is ignored: did you mean bootstrap.dcs.ttl?",
                        "data_dir is not a known key and is ignored: did you mean raft.data_dir?",
                        "qwertz is not a known key and is ignored: see the reference of the configuration");
    }

    @Test
    void namesOfOnesOwnAreNoTypingErrors() {
        assertThat(check(Map.of(
                        "tags", Map.of("rack", 7),
                        "mystore", Map.of("url", "x"),
                        "bootstrap", Map.of("initdb", List.of("data-checksums")),
                        "postgresql",
                                Map.of("parameters", Map.of("a", 1, "b", "c"), "pgbackrest", Map.of("command", "r")),
                        "zookeeper", Map.of("embedded", Map.of("id", 1)))))
                .isEmpty();
    }

    @Test
    void whatComesLaterIsListedInOneLine() {
        assertThat(lines(
                        HINT,
                        Map.of(
                                "log", Map.of("dir", "/x", "type", "plain"),
                                "postgresql", Map.of("callbacks", Map.of("on_start", "x")),
                                "watchdog", Map.of("mode", "automatic"))))
                .containsExactly("not yet used, for it comes with a later version: postgresql.callbacks, log.dir");
    }

    @Test
    void whatWouldBeDangerousToIgnoreIsRefused() {
        assertThat(lines(
                        ERROR,
                        Map.of(
                                "watchdog", Map.of("mode", "required"),
                                "postgresql", Map.of("pre_promote", "/x", "pg_hba_primary", List.of("a")),
                                "citus", Map.of("group", 0, "database", "c"),
                                "restapi", Map.of("certfile", "/c", "verify_client", "none"))))
                .hasSize(6)
                .allSatisfy(line -> assertThat(line).contains(" is not possible yet: "));
    }

    @Test
    void aValueOfTheClusterStopsNobody() {
        Map<String, Object> dynamic = Map.of("ttl", "soon", "synchronous_mode", true, "loop_wait", 5);
        assertThat(lines(ERROR, Map.of("bootstrap", Map.of("dcs", dynamic)))).isEmpty();
        assertThat(lines(HINT, Map.of("bootstrap", Map.of("dcs", dynamic)))).hasSize(2);
        assertThat(SchemaCheck.ofDynamic(dynamic))
                .extracting(Problem::path)
                .containsExactlyInAnyOrder("ttl", "synchronous_mode");
        assertThat(lines(HINT, Map.of("ttl", 20)))
                .singleElement()
                .asString()
                .startsWith("ttl '20' has no effect: it belongs to the whole cluster");
    }

    @Test
    void noSecretIsInAnyMessage() {
        Map<String, Object> user = new HashMap<>(Map.of("username", "u", "password", List.of("s3cret")));
        List<Problem> problems = check(Map.of(
                "postgresql", Map.of("authentication", Map.of("superuser", user, "rewind", "s3cret")),
                "etcd", Map.of("password", Map.of("x", "s3cret"), "port", "http://me:s3cret@host"),
                "consul", Map.of("token", List.of("s3cret")),
                "zookeeper", Map.of("auth_data", List.of("digest:s3cret"))));
        assertThat(problems).hasSizeGreaterThan(3).noneSatisfy(problem -> assertThat(problem.line())
                .contains("s3cret"));
    }

    @Test
    void aPasswordUnderAMistypedNameIsHiddenToo() {
        assertThat(Secrets.shown("restapi.authentication.pasword", "s3cret")).isEqualTo("(hidden)");
        assertThat(Secrets.shown("postgresql.parameters.password_encryption", "md5"))
                .isEqualTo("md5");
        assertThat(Secrets.shown("restapi.authentication.username", "u")).isEqualTo("u");
    }
}
