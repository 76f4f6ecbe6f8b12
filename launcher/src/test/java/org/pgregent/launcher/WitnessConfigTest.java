package org.pgregent.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgregent.launcher.config.Document;

class WitnessConfigTest {

    private static Map<String, Object> witness() {
        Map<String, Object> document = new HashMap<>();
        document.put("scope", "main");
        document.put("name", "w1");
        document.put("stub", Map.of("embedded", Map.of("id", 3, "data_dir", "/var/lib/quorum/main")));
        document.put("regent", Map.of("witness", true));
        return document;
    }

    private static WitnessConfig parse(Map<String, Object> document) throws ConfigException {
        return WitnessConfig.parse(
                Document.of(document, "test"), ProviderCatalog.of(List.of(new StubProvider("stub"))));
    }

    private static void assertRefused(Map<String, Object> document, String... words) {
        assertThatThrownBy(() -> parse(document))
                .isInstanceOf(ConfigException.class)
                .satisfies(e ->
                        assertThat(((ConfigException) e).problems().toString()).contains(words));
    }

    @Test
    void needsNoPostgresql() throws Exception {
        WitnessConfig config = parse(witness());
        assertThat(WitnessConfig.isAskedFor(witness())).isTrue();
        assertThat(config.name().value()).isEqualTo("w1");
        assertThat(config.dataDir()).isEqualTo(Path.of("/var/lib/quorum/main"));
        assertThat(config.own().stateDir()).isEqualTo(Path.of("/var/lib/quorum/.main.regent"));
    }

    @Test
    void whatItDoesNotKnowIsSaid() throws Exception {
        Map<String, Object> document = witness();
        assertThat(parse(document).hints()).isEmpty();
        document.put("skope", "x");
        document.put("log", Map.of("level", "DEBUG", "dir", "/tmp"));
        WitnessConfig config = parse(document);
        assertThat(config.hints())
                .containsExactlyInAnyOrder(
                        "skope is not a known key and is ignored: did you mean scope?",
                        "not yet used, for it comes with a later version: log.dir");
        assertThat(config.document().at(List.of("log", "level"))).contains("DEBUG");
    }

    @Test
    void isNothingThatCanHappenByMistake() throws Exception {
        Map<String, Object> forgotten = witness();
        forgotten.remove("regent");
        assertThat(WitnessConfig.isAskedFor(forgotten)).isFalse();
        Map<String, Object> both = witness();
        both.put("postgresql", Map.of("data_dir", "/data"));
        assertRefused(both, "regent.witness", "postgresql", "remove one");
    }

    @Test
    void needsAServerOfItsOwn() {
        Map<String, Object> outside = witness();
        outside.put("stub", Map.of("hosts", "z1"));
        assertRefused(outside, "regent.witness", "stub.embedded");
        Map<String, Object> homeless = witness();
        homeless.put("stub", Map.of("embedded", Map.of("id", 3)));
        assertRefused(homeless, "stub.embedded.data_dir");
        Map<String, Object> nameless = witness();
        nameless.remove("name");
        assertRefused(nameless, "name");
    }
}
