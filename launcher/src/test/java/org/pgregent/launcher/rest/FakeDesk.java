package org.pgregent.launcher.rest;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.pgregent.core.cluster.ClusterLayout;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.FailoverRequest;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.PeerAnswers.PeerAnswer;
import org.pgregent.core.model.Tags;
import org.pgregent.core.model.Timeline;
import org.pgregent.core.port.Peers.Peer;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.DcsSnapshot.Entry;
import org.pgregent.dcs.spi.Version;
import org.pgregent.launcher.Json;

/** A store in a map, members that answer as told, and time that passes only when somebody waits. */
final class FakeDesk implements OperatorDesk {

    static final String BASE = "/service/bench";
    private final ClusterLayout layout = new ClusterLayout(BASE);
    final TreeMap<String, String> keys = new TreeMap<>();
    final TreeMap<String, PeerAnswer> answers = new TreeMap<>();
    final List<String> asked = new ArrayList<>();
    boolean storeAnswers = true;
    boolean storeTakesWrites = true;
    boolean changedMeanwhile;
    int woken;
    int seconds;

    /** What happens in the given second of waiting. */
    Consumer<Integer> course = second -> {};

    /** @param capturedStore such as {@code 01-three-nodes-store.json} */
    FakeDesk(String capturedStore) throws java.io.IOException {
        Json.object(Captured.text(capturedStore))
                .orElseThrow()
                .forEach((key, value) -> keys.put(key, value.toString()));
    }

    void set(String key, String value) {
        keys.put(BASE + "/" + key, value);
    }

    String failover() {
        return keys.getOrDefault(BASE + "/failover", "");
    }

    void answers(String name, Map<String, Object> tags, boolean watchdogFailed) {
        answers.put(
                name,
                new PeerAnswer(
                        new org.pgregent.core.model.NodeName(name),
                        true,
                        false,
                        Optional.of(new Lsn(100)),
                        Optional.of(new Timeline(1)),
                        new Tags(tags),
                        watchdogFailed));
    }

    @Override
    public Optional<ClusterView> read() {
        if (!storeAnswers) {
            return Optional.empty();
        }
        TreeMap<String, Entry> entries = new TreeMap<>();
        keys.forEach((key, value) -> entries.put(
                key,
                new Entry(
                        value.getBytes(java.nio.charset.StandardCharsets.UTF_8),
                        new Version(value),
                        Optional.empty())));
        return Optional.of(layout.parse(new DcsSnapshot(entries), 1));
    }

    @Override
    public boolean order(FailoverRequest request) {
        if (storeTakesWrites) {
            set("failover", new String(layout.renderFailover(request), java.nio.charset.StandardCharsets.UTF_8));
        }
        return storeTakesWrites;
    }

    @Override
    public Outcome cancel(String seenVersion) {
        if (!storeTakesWrites) {
            return Outcome.FAILED;
        }
        if (changedMeanwhile || !failover().equals(seenVersion)) {
            return Outcome.CHANGED_MEANWHILE;
        }
        order(FailoverRequest.NONE);
        return Outcome.WRITTEN;
    }

    @Override
    public List<PeerAnswer> ask(List<Peer> members) {
        members.forEach(member -> asked.add(member.name().value()));
        return members.stream()
                .map(m -> answers.getOrDefault(m.name().value(), PeerAnswer.unreachable(m.name())))
                .toList();
    }

    @Override
    public void wake() {
        woken++;
    }

    @Override
    public Instant wall() {
        return Instant.parse("2026-11-21T03:30:00Z");
    }

    @Override
    public void pause(Duration time) {
        seconds += (int) time.toSeconds();
        course.accept(seconds);
    }
}
