package org.pgregent.launcher.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Writes documents as YAML for people: block style, plain where plain means the same, and a comment behind each value. */
public final class YamlText {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z/_][A-Za-z0-9_./@-]*(?: [A-Za-z0-9_./@-]+)*");
    private static final Set<String> WORDS = Set.of("true", "false", "null", "yes", "no", "on", "off", "y", "n");

    private final Function<String, String> comment;
    private final StringBuilder text = new StringBuilder();

    private YamlText(Function<String, String> comment) {
        this.comment = comment;
    }

    /** @param comment for the path of a value; empty for none */
    public static String of(Map<String, Object> document, Function<String, String> comment) {
        YamlText yaml = new YamlText(comment);
        yaml.map(document, "", "");
        return yaml.text.toString();
    }

    private void map(Map<String, Object> map, String indent, String at) {
        map.forEach((name, value) -> {
            String path = at.isEmpty() ? name : at + "." + name;
            text.append(indent).append(scalar(name)).append(':');
            if (value instanceof Map<?, ?> below && !below.isEmpty()) {
                text.append('\n');
                map(Document.strings(below), indent + "  ", path);
            } else if (value instanceof List<?> list && !list.isEmpty()) {
                end(path);
                for (Object item : list) {
                    text.append(indent).append("  - ").append(scalar(item)).append('\n');
                }
            } else {
                text.append(' ').append(scalar(value));
                end(path);
            }
        });
    }

    private void end(String path) {
        String why = comment.apply(path);
        text.append(why.isEmpty() ? "\n" : "  # " + why + "\n");
    }

    private static String scalar(Object value) {
        if (value instanceof String plain
                && PLAIN.matcher(plain).matches()
                && !WORDS.contains(plain.toLowerCase(java.util.Locale.ROOT))) {
            return plain;
        }
        try {
            // JSON is YAML, too.
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("neither a map, a list nor a scalar", e);
        }
    }
}
