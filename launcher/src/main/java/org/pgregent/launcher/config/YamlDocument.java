package org.pgregent.launcher.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads one YAML document, with its anchors, aliases and merge keys: people who write a file for three nodes use them, and read
 * without them the file would silently mean something else.
 */
public final class YamlDocument {

    private static final YAMLFactory YAML = new YAMLFactory();
    private static final String MERGE = "<<";

    /** Far more than any configuration has; aliases of aliases could make billions out of a few lines. */
    private static final int MOST_VALUES = 100_000;

    /** More than any configuration nests; what is read is walked by recursion, on small stacks. */
    private static final int DEEPEST = 50;

    /** What is wrong with a text, and where. The text itself is not in it, for it may be a password. */
    public static final class Malformed extends Exception {
        private static final long serialVersionUID = 1L;

        Malformed(String message) {
            super(message);
        }
    }

    private final YAMLParser parser;
    private final Map<String, Anchored> anchors = new HashMap<>();
    private int values;
    private int depth;

    private record Anchored(@Nullable Object value, int values) {}

    private YamlDocument(YAMLParser parser) {
        this.parser = parser;
    }

    /** Mappings, lists, texts, numbers, booleans; null for nothing. */
    public static @Nullable Object read(String text) throws Malformed {
        try (YAMLParser parser = YAML.createParser(text)) {
            YamlDocument reader = new YamlDocument(parser);
            if (parser.nextToken() == null) {
                return null;
            }
            Object value = reader.value();
            if (parser.nextToken() != null) {
                throw reader.malformed("a second document begins; leave one of them out");
            }
            return value;
        } catch (JsonProcessingException e) {
            String where =
                    e.getLocation() == null ? "" : " at line " + e.getLocation().getLineNr();
            throw new Malformed(
                    "is not YAML" + where + ": " + firstLine(e.getOriginalMessage()) + "; correct it there");
        } catch (IOException | IllegalArgumentException e) {
            // What is no number although it looks like one, and the like.
            throw new Malformed("is not YAML: " + e.getClass().getSimpleName() + "; correct it");
        }
    }

    private static String firstLine(@Nullable String text) {
        return text == null ? "unknown reason" : text.lines().findFirst().orElse("unknown reason");
    }

    private Malformed malformed(String what) {
        return new Malformed(
                "cannot be used: at line " + parser.currentLocation().getLineNr() + " " + what);
    }

    private void count(int more) throws Malformed {
        values += more;
        if (values > MOST_VALUES) {
            throw malformed("it has more than " + MOST_VALUES + " values; its aliases may repeat each other");
        }
    }

    private @Nullable Object value() throws IOException, Malformed {
        if (parser.isCurrentAlias()) {
            String name = parser.getText();
            Anchored anchored = anchors.get(name);
            if (anchored == null) {
                throw malformed("an alias names no list or mapping above it; write the value itself, or quote the *");
            }
            count(anchored.values());
            return anchored.value();
        }
        String anchor = parser.getObjectId();
        int before = values;
        count(1);
        if (++depth > DEEPEST) {
            throw malformed("it nests more than " + DEEPEST + " deep; flatten it");
        }
        Object value = plain();
        depth--;
        if (anchor != null) {
            anchors.put(anchor, new Anchored(value, values - before));
        }
        return value;
    }

    private @Nullable Object plain() throws IOException, Malformed {
        JsonToken token = parser.currentToken();
        return switch (token) {
            case START_OBJECT -> mapping();
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value());
                }
                yield list;
            }
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
            default -> parser.getText();
        };
    }

    /** What is written in a mapping itself wins over what is merged into it. */
    private Map<String, @Nullable Object> mapping() throws IOException, Malformed {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        Map<String, @Nullable Object> merged = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            Object value = value();
            if (name.equals(MERGE)) {
                merge(value, merged);
            } else {
                map.put(name, value);
            }
        }
        merged.forEach(map::putIfAbsent);
        return map;
    }

    private void merge(@Nullable Object value, Map<String, @Nullable Object> into) throws Malformed {
        List<?> all = value instanceof List<?> list ? list : value == null ? List.of() : List.of(value);
        for (Object each : all) {
            if (!(each instanceof Map<?, ?> map)) {
                throw malformed("<< merges something that is not a mapping; name the anchor of one");
            }
            map.forEach((name, merged) -> into.putIfAbsent(String.valueOf(name), merged));
        }
    }
}
