package org.pgregent.launcher.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.pgregent.core.model.Conversions;

/** The variables of the environment, read into the shapes their keys want. Empty ones count as absent. */
public final class Variables {

    public static final String PREFIX = "PATRONI_";

    /** The whole configuration as YAML; with it nothing else counts. */
    public static final String WHOLE = PREFIX + "CONFIGURATION";

    /** They make no section of a store by themselves: a password may be set for whatever the file chooses. */
    private static final Set<String> ONLY_BESIDE_OTHERS =
            Set.of("etcd.username", "etcd.password", "etcd3.username", "etcd3.password");

    private Variables() {}

    public static Document over(Document document, Map<String, String> environment) {
        Document all = document;
        List<Key> dependent = new ArrayList<>();
        for (Key key : Schema.local().keys()) {
            if (ONLY_BESIDE_OTHERS.contains(key.path())) {
                dependent.add(key);
            } else {
                all = set(all, key, environment);
            }
        }
        for (Key key : dependent) {
            String section = key.path().substring(0, key.path().indexOf('.'));
            if (all.at(List.of(section)).isPresent()) {
                all = set(all, key, environment);
            }
        }
        return all;
    }

    private static Document set(Document document, Key key, Map<String, String> environment) {
        for (String variable : key.variables()) {
            String text = environment.getOrDefault(PREFIX + variable, "");
            if (!text.isBlank()) {
                return document.with(List.of(key.path().split("\\.")), value(key, text.strip()), PREFIX + variable);
            }
        }
        return document;
    }

    /** What cannot be read as the key's kind stays text; the check of the schema will say so. */
    private static Object value(Key key, String text) {
        return switch (key.kind()) {
            case FLAG -> Conversions.bool(text).<Object>map(flag -> flag).orElse(text);
            case WHOLE ->
                Conversions.integer(text, "").<Object>map(number -> number).orElse(text);
            case LIST, TEXTS, OPTIONS -> list(text).orElse(text);
            case MAP, SECTION -> map(text).orElse(text);
            // A list of fields for JSON, but a format of Python's is full of what YAML would take for its own.
            case ANY ->
                text.contains("%(")
                        ? text
                        : list(text).filter(v -> text.startsWith("[")).orElse(text);
            case TEXT, REAL -> text;
        };
    }

    private static Optional<Object> list(String text) {
        return yaml(text.startsWith("[") || text.startsWith("- ") ? text : "[" + text + "]")
                .filter(List.class::isInstance);
    }

    private static Optional<Object> map(String text) {
        return yaml(text.startsWith("{") || text.contains("\n") ? text : "{" + text + "}")
                .filter(Map.class::isInstance)
                .map(map -> Document.strings((Map<?, ?>) map));
    }

    private static Optional<Object> yaml(String text) {
        try {
            return Optional.ofNullable(YamlDocument.read(text));
        } catch (YamlDocument.Malformed e) {
            return Optional.empty();
        }
    }

    /** One hint for each variable with our prefix that nothing here knows. */
    public static List<Problem> unknown(Map<String, String> environment) {
        Set<String> known = new TreeSet<>(Set.of(WHOLE));
        Schema.local().keys().forEach(key -> key.variables().forEach(name -> known.add(PREFIX + name)));
        return environment.keySet().stream()
                .filter(name -> name.startsWith(PREFIX) && !known.contains(name))
                .sorted()
                .map(name -> new Problem(
                        Problem.Severity.HINT,
                        name,
                        name + " is no variable of the configuration; it is ignored" + nearest(name, known)))
                .toList();
    }

    private static String nearest(String name, Set<String> known) {
        return known.stream()
                .filter(other -> Schema.distance(name, other) <= 4)
                .min(java.util.Comparator.comparingInt(other -> Schema.distance(name, other)))
                .map(other -> ": did you mean " + other + "?")
                .orElse("");
    }
}
