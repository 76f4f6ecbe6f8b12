package org.pgregent.launcher.rest;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.pgregent.core.cluster.ClusterLayout;
import org.pgregent.core.model.ClusterView;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.DcsSnapshot.Entry;
import org.pgregent.dcs.spi.Version;
import org.pgregent.launcher.Json;

/** What a cluster of the reference showed, as files of the test's class path. */
final class Captured {

    private Captured() {}

    static String text(String file) throws IOException {
        try (InputStream in = Captured.class.getResourceAsStream("/captured/" + file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).stripTrailing();
        }
    }

    static ClusterView store(String situation) throws IOException {
        Map<String, Object> keys = Json.object(text(situation + "-store.json")).orElseThrow();
        TreeMap<String, Entry> entries = new TreeMap<>();
        keys.forEach((key, value) -> entries.put(
                key, new Entry(value.toString().getBytes(StandardCharsets.UTF_8), new Version("1"), Optional.empty())));
        return new ClusterLayout("/service/bench").parse(new DcsSnapshot(entries), 1);
    }
}
