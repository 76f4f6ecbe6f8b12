package org.pgregent.launcher;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgregent.core.model.Conversions;
import org.pgregent.launcher.config.Secrets;

/**
 * One mapping of the configuration. What is wrong is noted, not thrown, so that all of it can be reported together; the
 * values returned for wrong ones only serve to go on reading.
 */
final class Section {

    private final String path;
    private final Map<String, Object> values;
    private final List<String> problems;

    Section(String path, Map<String, Object> values, List<String> problems) {
        this.path = path;
        this.values = values;
        this.problems = problems;
    }

    Map<String, Object> values() {
        return values;
    }

    boolean has(String key) {
        return values.get(key) != null;
    }

    /** The mapping below the key; an empty one if there is none. */
    Section section(String key) {
        Object value = values.get(key);
        if (value == null) {
            return new Section(at(key), Map.of(), problems);
        }
        if (!(value instanceof Map<?, ?> map)) {
            problem(key, "is not a dictionary", "write its keys indented below it");
            return new Section(at(key), Map.of(), problems);
        }
        return new Section(at(key), strings(map), problems);
    }

    /** A text; empty counts as absent. */
    Optional<String> text(String key) {
        Object value = values.get(key);
        if (value instanceof Map || value instanceof List) {
            problem(key, "is not a string", "write one text");
            return Optional.empty();
        }
        return Optional.ofNullable(value).map(Section::scalar).filter(text -> !text.isBlank());
    }

    String required(String key, String remedy) {
        Optional<String> text = text(key);
        if (text.isEmpty() && !(values.get(key) instanceof Map) && !(values.get(key) instanceof List)) {
            problems.add(at(key) + " is not defined: " + remedy);
        }
        return text.orElse("");
    }

    boolean flag(String key, boolean otherwise) {
        Optional<String> text = text(key);
        Optional<Boolean> flag = text.flatMap(Conversions::bool);
        if (text.isPresent() && flag.isEmpty()) {
            problem(key, "is not a boolean", "write true or false");
        }
        return flag.orElse(otherwise);
    }

    long whole(String key, long otherwise, long least, long most) {
        Optional<String> text = text(key);
        if (text.isEmpty()) {
            return otherwise;
        }
        Optional<Long> number = Conversions.integer(text.get(), "").filter(n -> n >= least && n <= most);
        if (number.isEmpty()) {
            problem(key, "is not an integer from " + least + " to " + most, "correct it or leave it out");
        }
        return number.orElse(otherwise);
    }

    Optional<Path> absolutePath(String key) {
        Optional<String> text = text(key);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            Path given = Path.of(text.get());
            if (given.isAbsolute()) {
                return Optional.of(given.normalize());
            }
            problem(key, "is not an absolute path", "write it from / on, for the agent may be started anywhere");
        } catch (InvalidPathException e) {
            problem(key, "is not a path: " + e.getReason(), "correct it");
        }
        return Optional.empty();
    }

    List<String> lines(String key) {
        Object value = values.get(key);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof List<?> list)) {
            problem(key, "is not a list", "write its items one a line, each after a dash");
            return List.of();
        }
        List<String> lines = new ArrayList<>();
        list.forEach(item -> lines.add(scalar(item)));
        return lines;
    }

    /** A mapping of names to texts; names without a value are left out. */
    Map<String, String> texts(String key) {
        Map<String, String> texts = new LinkedHashMap<>();
        section(key).values.forEach((name, value) -> {
            if (value != null) {
                texts.put(name, scalar(value));
            }
        });
        return texts;
    }

    /** Options of a program, given as a list of names and {@code name: value} or as one mapping, each as name or name=value. */
    List<String> options(String key) {
        Object value = values.get(key);
        List<String> options = new ArrayList<>();
        if (value instanceof Map<?, ?> map) {
            map.forEach((name, setting) -> options.add(option(name, setting)));
        } else if (value instanceof List<?> list) {
            for (Object item : list) {
                if (item instanceof Map<?, ?> map) {
                    map.forEach((name, setting) -> options.add(option(name, setting)));
                } else {
                    options.add(scalar(item));
                }
            }
        } else if (value != null) {
            problem(key, "is neither a list nor a mapping", "write the options one a line, each after a dash");
        }
        return options;
    }

    private static String option(Object name, Object value) {
        return value == null ? String.valueOf(name) : name + "=" + scalar(value);
    }

    void problem(String key, String reason, String remedy) {
        problems.add(at(key) + " '" + shown(key) + "' " + reason + ": " + remedy);
    }

    String at(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private String shown(String key) {
        return Secrets.shown(at(key), values.get(key));
    }

    /** YAML reads on and off as booleans; PostgreSQL's parameters have them so. */
    static String scalar(Object value) {
        return value instanceof Boolean flag ? (flag ? "on" : "off") : String.valueOf(value);
    }

    static Map<String, Object> strings(Map<?, ?> map) {
        Map<String, Object> copy = new LinkedHashMap<>();
        map.forEach((key, value) -> copy.put(String.valueOf(key), value));
        return copy;
    }
}
