package org.pgregent.launcher.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What holds in the end: what was written, and under it the defaults; each value with where it came from, no secret shown. */
public final class EffectiveConfig {

    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final Set<String> STORES =
            Set.of("consul", "etcd", "etcd3", "exhibitor", "kubernetes", "raft", "zookeeper", "citus");

    private EffectiveConfig() {}

    /** @param worked defaults that depend on other values, by path */
    public static String local(Document document, Map<String, String> worked) {
        Document all = Document.EMPTY;
        for (Key key : Schema.local().keys()) {
            String section = key.path().split("\\.")[0];
            boolean used = key.use() == Key.Use.USED || key.use() == Key.Use.REFUSED;
            boolean ofAnotherStore =
                    STORES.contains(section) && !document.values().containsKey(section);
            if (used && !ofAnotherStore && !key.path().startsWith("bootstrap.")) {
                all = withDefault(all, key, worked);
            }
        }
        for (Map.Entry<String, Object> section : document.values().entrySet()) {
            all = withWritten(all, document, List.of(section.getKey()), section.getValue());
        }
        return text(all);
    }

    /** The cluster's configuration. */
    public static String dynamic(Map<String, Object> document, String origin) {
        Document all = Document.EMPTY;
        for (Key key : Schema.dynamic().keys()) {
            if (key.use() == Key.Use.USED) {
                all = withDefault(all, key, Map.of());
            }
        }
        return text(all.with(document, origin));
    }

    private static String text(Document document) {
        return YamlText.of(Secrets.maskedMap(document.values()), path -> document.origin(path)
                .orElse(""));
    }

    private static Document withDefault(Document all, Key key, Map<String, String> worked) {
        List<String> path = List.of(key.path().split("\\."));
        String other = worked.getOrDefault(key.path(), "");
        if (!other.isEmpty()) {
            return all.with(path, other, "default: " + key.usually());
        }
        return key.fallback().isEmpty() ? all : all.with(path, typed(key), "default");
    }

    private static Object typed(Key key) {
        if (key.kind() == Kind.TEXT || key.kind() == Kind.ANY) {
            return key.fallback();
        }
        try {
            return YAML.readValue(key.fallback(), Object.class);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the default of " + key.path() + " is no YAML", e);
        }
    }

    private static Document withWritten(Document all, Document written, List<String> path, Object value) {
        if (value instanceof Map<?, ?> map && !map.isEmpty()) {
            Document more = all;
            for (Map.Entry<String, Object> entry : Document.strings(map).entrySet()) {
                List<String> below = new java.util.ArrayList<>(path);
                below.add(entry.getKey());
                more = withWritten(more, written, below, entry.getValue());
            }
            return more;
        }
        return all.with(path, value, written.origin(String.join(".", path)).orElse(""));
    }
}
