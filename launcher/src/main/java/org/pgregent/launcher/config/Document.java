package org.pgregent.launcher.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The configuration as it was written, all its sources merged, and which of them each value came from. Immutable. */
public final class Document {

    public static final Document EMPTY = new Document(Map.of(), Map.of());

    private final Map<String, Object> values;
    private final Map<String, String> origins;

    private Document(Map<String, Object> values, Map<String, String> origins) {
        this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
        this.origins = Collections.unmodifiableMap(new LinkedHashMap<>(origins));
    }

    public static Document of(Map<String, Object> values, String origin) {
        return EMPTY.with(values, origin);
    }

    public Map<String, Object> values() {
        return values;
    }

    public boolean isEmpty() {
        return values.isEmpty();
    }

    /** Merged key by key; what is added wins, and null in it removes. */
    public Document with(Map<String, Object> more, String origin) {
        Map<String, Object> merged = new LinkedHashMap<>(values);
        Map<String, String> from = new LinkedHashMap<>(origins);
        merge(merged, more, "", origin, from);
        return new Document(merged, from);
    }

    /** Sets one value, making the mappings above it. */
    public Document with(List<String> path, Object value, String origin) {
        Map<String, Object> nested = Map.of(path.get(path.size() - 1), value);
        for (int i = path.size() - 2; i >= 0; i--) {
            nested = Map.of(path.get(i), nested);
        }
        return with(nested, origin);
    }

    /** Without the key; what is above it stays, even if it is empty then. */
    public Document without(List<String> path) {
        if (at(path).isEmpty()) {
            return this;
        }
        String dotted = String.join(".", path);
        Map<String, String> from = new LinkedHashMap<>(origins);
        from.keySet().removeIf(known -> known.equals(dotted) || known.startsWith(dotted + "."));
        return new Document(removed(values, path), from);
    }

    private static Map<String, Object> removed(Map<String, Object> map, List<String> path) {
        Map<String, Object> copy = new LinkedHashMap<>(map);
        if (path.size() == 1) {
            copy.remove(path.get(0));
        } else if (copy.get(path.get(0)) instanceof Map<?, ?> below) {
            copy.put(path.get(0), removed(strings(below), path.subList(1, path.size())));
        }
        return copy;
    }

    private static void merge(
            Map<String, Object> into, Map<String, Object> more, String at, String origin, Map<String, String> from) {
        more.forEach((key, value) -> {
            String path = at.isEmpty() ? key : at + "." + key;
            if (value instanceof Map<?, ?> map) {
                Map<String, Object> below =
                        into.get(key) instanceof Map<?, ?> old ? strings(old) : new LinkedHashMap<>();
                merge(below, strings(map), path, origin, from);
                into.put(key, Collections.unmodifiableMap(below));
            } else {
                from.keySet().removeIf(known -> known.equals(path) || known.startsWith(path + "."));
                if (value == null) {
                    into.remove(key);
                } else {
                    into.put(key, value);
                    from.put(path, origin);
                }
            }
        });
    }

    public Optional<Object> at(List<String> path) {
        Object here = values;
        for (String part : path) {
            Object next = here instanceof Map<?, ?> map ? map.get(part) : null;
            if (next == null) {
                return Optional.empty();
            }
            here = next;
        }
        return Optional.of(here);
    }

    /** Where the value came from; empty if it is none of the sources'. */
    public Optional<String> origin(String path) {
        return Optional.ofNullable(origins.get(path));
    }

    /** All paths that hold something other than a mapping, in the order they were written. */
    List<List<String>> leaves() {
        List<List<String>> leaves = new ArrayList<>();
        collect(values, List.of(), leaves);
        return leaves;
    }

    private static void collect(Map<String, Object> map, List<String> at, List<List<String>> leaves) {
        map.forEach((key, value) -> {
            List<String> path = new ArrayList<>(at);
            path.add(key);
            if (value instanceof Map<?, ?> below && !below.isEmpty()) {
                collect(strings(below), path, leaves);
            } else {
                leaves.add(List.copyOf(path));
            }
        });
    }

    public static Map<String, Object> strings(Map<?, ?> map) {
        Map<String, Object> copy = new LinkedHashMap<>();
        map.forEach((key, value) -> copy.put(String.valueOf(key), value));
        return copy;
    }

    /** It holds passwords. */
    @Override
    public String toString() {
        return "configuration with " + values.keySet();
    }
}
