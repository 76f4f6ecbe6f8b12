package org.pgregent.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DynamicPatchTest {

    private static final Map<String, Object> BEFORE = Map.of(
            "ttl",
            30,
            "pause",
            true,
            "ignore_slots",
            List.of(Map.of("name", "a")),
            "postgresql",
            Map.of("use_slots", true, "parameters", Map.of("work_mem", "4MB", "max_connections", 100)));

    private static Map<String, Object> patched(Map<String, Object> change) {
        return DynamicPatch.applied(new DynamicConfig(BEFORE), change).document();
    }

    /** A mapping in which null stands for itself. */
    private static Map<String, Object> map(Object... keysAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }

    @Test
    void nullRemovesAtAnyDepthAndOfWhatIsNotThereNothing() {
        assertThat(patched(map(
                        "pause",
                        null,
                        "failsafe_mode",
                        null,
                        "postgresql",
                        map("parameters", map("work_mem", null, "wal_level", null)))))
                .isEqualTo(Map.of(
                        "ttl", 30,
                        "ignore_slots", List.of(Map.of("name", "a")),
                        "postgresql", Map.of("use_slots", true, "parameters", Map.of("max_connections", 100))));
    }

    @Test
    void mappingsAreMergedAndWhatIsMissingIsMade() {
        Map<String, Object> after = patched(map(
                "loop_wait",
                5,
                "postgresql",
                map("parameters", map("max_connections", 200)),
                "standby_cluster",
                map("host", "h", "port", null)));
        assertThat(after).containsEntry("ttl", 30).containsEntry("loop_wait", 5);
        assertThat(after.get("postgresql"))
                .isEqualTo(Map.of("use_slots", true, "parameters", Map.of("work_mem", "4MB", "max_connections", 200)));
        assertThat(after.get("standby_cluster")).as("null makes nothing").isEqualTo(Map.of("host", "h"));
    }

    @Test
    void listsAndOtherShapesAreReplacedWhole() {
        assertThat(patched(
                        map("ignore_slots", List.of(Map.of("type", "logical")), "ttl", map("a", 1), "postgresql", 7)))
                .containsEntry("ignore_slots", List.of(Map.of("type", "logical")))
                .containsEntry("ttl", Map.of("a", 1))
                .containsEntry("postgresql", 7);
    }

    @Test
    void whatIsOnlyWrittenDifferentlyIsNoChange() {
        assertThat(patched(map("ttl", "30", "postgresql", map("parameters", map("max_connections", "100")))))
                .isEqualTo(BEFORE);
        assertThat(patched(map("pause", "true"))).containsEntry("pause", "true");
    }

    @Test
    void whatIsGivenStaysAsItWas() {
        Map<String, Object> inner = map("work_mem", "4MB");
        Map<String, Object> before = map("postgresql", map("parameters", inner));
        DynamicPatch.applied(new DynamicConfig(before), map("postgresql", map("parameters", map("work_mem", "8MB"))));
        assertThat(inner).isEqualTo(Map.of("work_mem", "4MB"));
    }

    /** Against a dumb twin: flattened to paths, where merging is putting and removing. */
    @Test
    void agreesWithAFlatTwin() {
        Random random = new Random(4);
        for (int i = 0; i < 5_000; i++) {
            Map<String, Object> document = tree(random, 3, false);
            Map<String, Object> change = tree(random, 3, true);
            Map<List<String>, Object> flat = flat(document);
            flat(change).forEach((path, value) -> {
                for (int end = 1; end < path.size(); end++) {
                    flat.remove(path.subList(0, end));
                }
                boolean mapping = Map.of().equals(value);
                flat.keySet().removeIf(known -> startsWith(known, path) && !(mapping && known.size() > path.size()));
                if (value != null && !(mapping && flat.keySet().stream().anyMatch(known -> startsWith(known, path)))) {
                    flat.put(path, value);
                }
            });
            Map<String, Object> after =
                    DynamicPatch.applied(new DynamicConfig(document), change).document();
            assertThat(withoutEmpty(flat(after)))
                    .as("%s with %s", document, change)
                    .isEqualTo(withoutEmpty(flat));
        }
    }

    private static boolean startsWith(List<String> path, List<String> start) {
        return path.size() >= start.size() && path.subList(0, start.size()).equals(start);
    }

    /** An emptied mapping may stay, or not: that is no value. */
    private static Map<List<String>, Object> withoutEmpty(Map<List<String>, Object> flat) {
        Map<List<String>, Object> copy = new LinkedHashMap<>(flat);
        copy.values().removeIf(Map.of()::equals);
        return copy;
    }

    private static Map<String, Object> tree(Random random, int depth, boolean nulls) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (String key : Arrays.asList("a", "b", "c")) {
            switch (random.nextInt(4)) {
                case 0 -> map.put(key, random.nextInt(3));
                case 1 -> map.put(key, depth == 0 ? "x" : tree(random, depth - 1, nulls));
                case 2 -> {
                    if (nulls) {
                        map.put(key, null);
                    }
                }
                default -> {}
            }
        }
        return map;
    }

    private static Map<List<String>, Object> flat(Map<String, Object> map) {
        Map<List<String>, Object> flat = new LinkedHashMap<>();
        flatten(map, List.of(), flat);
        return flat;
    }

    private static void flatten(Map<?, ?> map, List<String> at, Map<List<String>, Object> flat) {
        map.forEach((key, value) -> {
            List<String> path = new ArrayList<>(at);
            path.add(String.valueOf(key));
            if (value instanceof Map<?, ?> below && !below.isEmpty()) {
                flatten(below, path, flat);
            } else {
                flat.put(Collections.unmodifiableList(path), value);
            }
        });
    }
}
