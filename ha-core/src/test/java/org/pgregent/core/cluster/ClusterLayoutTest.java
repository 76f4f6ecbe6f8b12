package org.pgregent.core.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgregent.core.decide.Action.StatusUpdate;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.FailoverRequest;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.MemberView;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.Timeline;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.DcsSnapshot.Entry;
import org.pgregent.dcs.spi.Version;

/** Held against what a store held that another implementation of the contract had written. */
class ClusterLayoutTest {

    private final ClusterLayout layout = new ClusterLayout("/service/bench");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "01-three-nodes",
                "02-pending-restart",
                "03-paused",
                "04-synchronous",
                "05-quorum",
                "06-failsafe-and-permanent-slot",
                "07-scheduled",
                "08-after-switchover",
                "09-one-stopped",
                "10-one-gone"
            })
    void everyCapturedStoreParsesAndWritesBackByteForByte(String situation) throws IOException {
        DcsSnapshot store = captured(situation);

        ClusterView view = layout.parse(store, 7);

        store.entries()
                .forEach((key, entry) ->
                        assertThat(text(writtenBack(view, key))).as(key).isEqualTo(entry.text()));
        assertThat(view.members()).isNotEmpty();
        assertThat(view.leader()).isPresent();
        assertThat(view.systemId()).isPresent();
    }

    private byte[] writtenBack(ClusterView view, String key) {
        String name = key.substring("/service/bench/".length());
        return switch (name) {
            case "initialize" ->
                layout.renderText(view.initialize().orElseThrow().value());
            case "config" ->
                layout.renderObject(view.config().orElseThrow().value().document());
            case "leader" ->
                layout.renderText(view.leader().orElseThrow().name().value());
            case "status" ->
                layout.renderObject(view.status().orElseThrow().value().fields());
            case "history" -> layout.renderHistory(view.history().orElseThrow().value());
            case "sync" -> layout.renderText(view.sync().orElseThrow().value());
            case "failover" ->
                layout.renderFailover(view.failover().orElseThrow().value());
            case "failsafe" -> layout.renderText(view.failsafe().orElseThrow().value());
            default ->
                layout.renderObject(view.member(new NodeName(name.substring("members/".length())))
                        .orElseThrow()
                        .fields());
        };
    }

    @Test
    void readsWhatTheRulesNeed() throws IOException {
        ClusterView view = layout.parse(captured("08-after-switchover"), 7);

        assertThat(view.leader().orElseThrow().name()).isEqualTo(new NodeName("n1"));
        assertThat(view.timeline()).contains(new Timeline(2));
        assertThat(view.optime()).contains(new Lsn(83887112));
        MemberView n0 = view.member(new NodeName("n0")).orElseThrow();
        assertThat(n0.role()).isEqualTo("replica");
        assertThat(n0.timeline()).contains(new Timeline(2));
        assertThat(n0.asUpstream().orElseThrow().port()).isEqualTo(15400);
        assertThat(view.leaderMember().orElseThrow().saysPrimary()).isTrue();
    }

    @Test
    void readsWhatWasAskedForInEveryFormAndTakesNonsenseForNothing() {
        assertThat(asked("{\"leader\":\"n0\",\"member\":\"n1\",\"scheduled_at\":\"2037-01-01T00:00:00+00:00\"}"))
                .isEqualTo(new FailoverRequest(
                        Optional.of("n0"), Optional.of("n1"), Optional.of("2037-01-01T00:00:00+00:00")));
        assertThat(asked("{\"member\":\"n1\"}"))
                .isEqualTo(new FailoverRequest(Optional.empty(), Optional.of("n1"), Optional.empty()));
        assertThat(asked("n0:n1"))
                .isEqualTo(new FailoverRequest(Optional.of("n0"), Optional.of("n1"), Optional.empty()));
        assertThat(asked(":n1").isSwitchover()).isFalse();
        for (String nothing :
                List.of("{}", "", "[]", "{\"leader\":null}", "{\"member\":\"\"}", "nonsense", "{broken:")) {
            assertThat(asked(nothing)).as(nothing).isEqualTo(FailoverRequest.NONE);
        }
    }

    private FailoverRequest asked(String text) {
        java.util.TreeMap<String, DcsSnapshot.Entry> entries = new java.util.TreeMap<>();
        entries.put(
                layout.failover(),
                new DcsSnapshot.Entry(
                        text.getBytes(java.nio.charset.StandardCharsets.UTF_8),
                        new org.pgregent.dcs.spi.Version("1"),
                        Optional.empty()));
        return layout.parse(new DcsSnapshot(entries), 7)
                .failover()
                .orElseThrow()
                .value();
    }

    @Test
    void aNewPositionKeepsSlotsAndWhatWeDoNotKnow() throws IOException {
        ClusterView view = layout.parse(captured("01-three-nodes"), 7);
        Map<String, Object> strange = new java.util.LinkedHashMap<>(
                view.status().orElseThrow().value().fields());
        strange.put("weather", "fine");

        byte[] written = layout.renderStatus(
                new StatusUpdate(Optional.of(new Lsn(99)), Map.of(), List.of(), Optional.empty()),
                Optional.of(new org.pgregent.core.model.StatusView(strange)));

        assertThat(text(written))
                .isEqualTo("{\"optime\":99,\"slots\":{\"n1\":83886080,\"n2\":83886080,\"n0\":83886080},"
                        + "\"retain_slots\":[\"n0\",\"n1\",\"n2\"],\"weather\":\"fine\"}");
    }

    @Test
    void whatCannotBeParsedIsEmptyAndNeverAnError() {
        TreeMap<String, Entry> keys = new TreeMap<>();
        for (String key : List.of("config", "status", "history", "members/a", "failover", "sync", "initialize")) {
            keys.put("/service/bench/" + key, entry("{nonsense", false));
        }
        keys.put("/service/bench/leader", entry("", true));
        keys.put("/service/bench/members/a/deeper", entry("{}", true));

        ClusterView view = layout.parse(new DcsSnapshot(keys), 7);

        assertThat(view.config().orElseThrow().value().document()).isEmpty();
        assertThat(view.status()).isEmpty();
        assertThat(view.history().orElseThrow().value()).isEmpty();
        assertThat(view.leader()).isEmpty();
        assertThat(view.systemId()).isEmpty();
        assertThat(view.members()).hasSize(1);
        assertThat(view.members().get(0).state()).isEqualTo("unknown");
    }

    @Test
    void readsAgentsOfOldVersions() {
        TreeMap<String, Entry> keys = new TreeMap<>();
        keys.put(
                "/service/bench/members/old",
                entry("postgres://h:1/postgres?application_name=http://h:2/patroni", true));
        keys.put("/service/bench/optime/leader", entry("67395656", false));

        ClusterView view = layout.parse(new DcsSnapshot(keys), 7);

        assertThat(view.members().get(0).connUrl()).contains("postgres://h:1/postgres");
        assertThat(view.members().get(0).apiUrl()).contains("http://h:2/patroni");
        assertThat(view.optime()).contains(new Lsn(67395656));
    }

    @Test
    void writesNonAsciiAsOthersDo() {
        assertThat(text(layout.renderObject(Map.of("k", "\u00fc\ud83d\ude00"))))
                .isEqualTo("{\"k\":\"\\u00fc\\ud83d\\ude00\"}");
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static Entry entry(String value, boolean leased) {
        return new Entry(
                value.getBytes(StandardCharsets.UTF_8),
                new Version("1"),
                leased ? Optional.of("lease") : Optional.empty());
    }

    private static DcsSnapshot captured(String situation) throws IOException {
        try (InputStream in = ClusterLayoutTest.class.getResourceAsStream("/captured/" + situation + ".json")) {
            TreeMap<String, Entry> keys = new TreeMap<>();
            JsonNode root = new ObjectMapper().readTree(in);
            root.properties()
                    .forEach(e -> keys.put(
                            e.getKey(),
                            entry(
                                    e.getValue().get("value").asText(),
                                    e.getValue().get("leased").asBoolean())));
            return new DcsSnapshot(keys);
        }
    }
}
