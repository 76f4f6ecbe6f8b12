package org.pgregent.launcher;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The configuration as it was written: one YAML file, or all {@code .yml} and {@code .yaml} files of a folder in the order of
 * their names, and over it the {@code PATRONI_*} variables of the environment.
 */
final class ConfigSource {

    /** Which variable stands for which key. */
    private static final Map<String, List<String>> VARIABLES = variables();

    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    private ConfigSource() {}

    static Map<String, Object> read(Path source, Map<String, String> environment) throws ConfigException {
        Map<String, Object> all = new LinkedHashMap<>();
        for (Path file : files(source)) {
            merge(all, readFile(file));
        }
        VARIABLES.forEach((variable, path) -> {
            String value = environment.get("PATRONI_" + variable);
            if (value != null && !value.isEmpty()) {
                put(all, path, value);
            }
        });
        if (all.isEmpty()) {
            throw new ConfigException(source + " holds no configuration: see 'regent --help' for an example");
        }
        return all;
    }

    private static List<Path> files(Path source) throws ConfigException {
        if (!Files.isDirectory(source)) {
            return List.of(source);
        }
        try (Stream<Path> entries = Files.list(source)) {
            return entries.filter(Files::isRegularFile)
                    .filter(file ->
                            file.toString().endsWith(".yml") || file.toString().endsWith(".yaml"))
                    .sorted()
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            throw new ConfigException("the configuration folder " + source + " cannot be read (" + reason(e)
                    + "): correct the path or its permissions");
        }
    }

    private static Map<String, Object> readFile(Path file) throws ConfigException {
        try {
            Object content = YAML.readValue(Files.readString(file), Object.class);
            if (content instanceof Map<?, ?> map) {
                return Section.strings(map);
            }
            throw new ConfigException("the configuration file " + file
                    + " is not a mapping of keys to values: begin it with" + " such as 'scope: main'");
        } catch (JsonProcessingException e) {
            // Where, but not the text there: it may be a password.
            String where =
                    e.getLocation() == null ? "" : " at line " + e.getLocation().getLineNr();
            throw new ConfigException("the configuration file " + file + " is not YAML" + where + ": "
                    + firstLine(e.getOriginalMessage()) + "; correct it there");
        } catch (IOException e) {
            throw new ConfigException("the configuration file " + file + " cannot be read (" + reason(e)
                    + "): correct the path or its permissions");
        }
    }

    private static String firstLine(String text) {
        return text == null ? "unknown reason" : text.lines().findFirst().orElse("unknown reason");
    }

    private static String reason(Exception e) {
        return e.getClass().getSimpleName().replaceFirst("Exception$", "");
    }

    /** Key by key; null in the later one removes. */
    private static void merge(Map<String, Object> into, Map<String, Object> more) {
        more.forEach((key, value) -> {
            if (value == null) {
                into.remove(key);
            } else if (into.get(key) instanceof Map<?, ?> old && value instanceof Map<?, ?> map) {
                Map<String, Object> merged = Section.strings(old);
                merge(merged, Section.strings(map));
                into.put(key, merged);
            } else {
                into.put(key, value);
            }
        });
    }

    private static void put(Map<String, Object> into, List<String> path, Object value) {
        if (path.size() == 1) {
            into.put(path.get(0), value);
            return;
        }
        Map<String, Object> below =
                into.get(path.get(0)) instanceof Map<?, ?> map ? Section.strings(map) : new LinkedHashMap<>();
        put(below, path.subList(1, path.size()), value);
        into.put(path.get(0), below);
    }

    private static Map<String, List<String>> variables() {
        Map<String, List<String>> variables = new LinkedHashMap<>();
        for (String key : List.of("name", "scope", "namespace")) {
            variables.put(key.toUpperCase(java.util.Locale.ROOT), List.of(key));
        }
        for (String key : List.of("listen", "connect_address")) {
            variables.put("RESTAPI_" + key.toUpperCase(java.util.Locale.ROOT), List.of("restapi", key));
        }
        for (String key : List.of("username", "password")) {
            String upper = key.toUpperCase(java.util.Locale.ROOT);
            variables.put("RESTAPI_" + upper, List.of("restapi", "authentication", key));
            for (String user : List.of("superuser", "replication", "rewind")) {
                variables.put(
                        user.toUpperCase(java.util.Locale.ROOT) + "_" + upper,
                        List.of("postgresql", "authentication", user, key));
            }
        }
        for (String key :
                List.of("listen", "connect_address", "proxy_address", "data_dir", "config_dir", "bin_dir", "pgpass")) {
            variables.put("POSTGRESQL_" + key.toUpperCase(java.util.Locale.ROOT), List.of("postgresql", key));
        }
        return variables;
    }
}
