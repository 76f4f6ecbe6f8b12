package org.pgregent.core.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** The cluster's configuration as the store holds it: a JSON object, kept whole and in order. */
public record DynamicConfig(Map<String, Object> document) {

    public DynamicConfig {
        document = Collections.unmodifiableMap(new LinkedHashMap<>(document));
    }

    /** The object under the key, or an empty one. */
    public Map<String, Object> section(String key) {
        return document.get(key) instanceof Map<?, ?> map ? strings(map) : Map.of();
    }

    /** With this node's own values in its section {@code postgresql}, which win there. */
    public DynamicConfig withLocal(Map<String, Object> postgresql) {
        if (postgresql.isEmpty()) {
            return this;
        }
        Map<String, Object> section = new LinkedHashMap<>(section("postgresql"));
        section.putAll(postgresql);
        Map<String, Object> copy = new LinkedHashMap<>(document);
        copy.put("postgresql", section);
        return new DynamicConfig(copy);
    }

    private static Map<String, Object> strings(Map<?, ?> map) {
        Map<String, Object> copy = new LinkedHashMap<>();
        map.forEach((k, v) -> copy.put(k.toString(), v));
        return copy;
    }
}
