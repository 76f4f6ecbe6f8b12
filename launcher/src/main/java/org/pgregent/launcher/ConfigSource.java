package org.pgregent.launcher;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.pgregent.launcher.config.Document;
import org.pgregent.launcher.config.OldLayouts;
import org.pgregent.launcher.config.Variables;
import org.pgregent.launcher.config.YamlDocument;

/**
 * The configuration as it was written: one YAML file, or all {@code .yml} and {@code .yaml} files of a folder in the order of
 * their names, and over it the {@code PATRONI_*} variables of the environment. Without a file the variable
 * {@code PATRONI_CONFIGURATION} may hold all of it, and then no other counts; or the other variables alone are enough.
 */
final class ConfigSource {

    private ConfigSource() {}

    /**
     * As {@link #read}, for a running agent: a file that was there once must not be taken for none, for then the variables alone
     * would be the configuration.
     */
    static Document again(Path source, Map<String, String> environment) throws ConfigException {
        if (!Files.exists(source)) {
            throw new ConfigException(
                    "the configuration " + source
                            + " is not there any more, or its folder cannot be searched: put it back, or correct the permissions");
        }
        return read(Optional.of(source), environment);
    }

    static Document read(Optional<Path> source, Map<String, String> environment) throws ConfigException {
        Optional<Path> present = source.filter(Files::exists);
        if (present.isEmpty() && source.isPresent() && !Files.notExists(source.get())) {
            throw new ConfigException("whether the configuration " + source.get()
                    + " is there cannot be seen: make the folders above it searchable for this user");
        }
        String whole = environment.getOrDefault(Variables.WHOLE, "");
        Document document = Document.EMPTY;
        if (present.isPresent()) {
            for (Path file : files(present.get())) {
                document = document.with(readFile(file), file.getFileName().toString());
            }
        } else if (!whole.isBlank()) {
            document = document.with(mapping(whole, "variable", Variables.WHOLE), Variables.WHOLE);
        }
        if (present.isPresent() || whole.isBlank()) {
            document = Variables.over(document, environment);
        }
        if (document.isEmpty()) {
            throw new ConfigException(nothing(source));
        }
        return OldLayouts.replaced(document);
    }

    private static String nothing(Optional<Path> source) {
        return source.map(path -> Files.exists(path)
                        ? path + " holds no configuration: see 'regent --help' for an example"
                        : "the configuration " + path + " does not exist, and no PATRONI_* variable is set:"
                                + " correct the path")
                .orElse(
                        "no configuration was named, and no PATRONI_* variable is set: name a file, see 'regent --help'");
    }

    private static List<Path> files(Path source) throws ConfigException {
        if (!Files.isDirectory(source)) {
            return List.of(source);
        }
        try (Stream<Path> entries = Files.list(source)) {
            List<Path> named = entries.filter(file ->
                            file.toString().endsWith(".yml") || file.toString().endsWith(".yaml"))
                    .sorted()
                    .toList();
            List<Path> files = new ArrayList<>();
            for (Path file : named) {
                if (isToBeRead(file)) {
                    files.add(file);
                }
            }
            return files;
        } catch (IOException | UncheckedIOException e) {
            throw new ConfigException("the configuration folder " + source + " cannot be read (" + reason(e)
                    + "): correct the path or its permissions");
        }
    }

    /** What cannot be looked at counts, so that reading it fails: what it says must not be missing unnoticed. */
    private static boolean isToBeRead(Path file) {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class).isRegularFile();
        } catch (IOException unknown) {
            return true;
        }
    }

    private static Map<String, Object> readFile(Path file) throws ConfigException {
        try {
            return mapping(Files.readString(file), "file", file.toString());
        } catch (IOException e) {
            throw new ConfigException("the configuration file " + file + " cannot be read (" + reason(e)
                    + "): correct the path or its permissions");
        }
    }

    private static Map<String, Object> mapping(String text, String what, String name) throws ConfigException {
        try {
            if (YamlDocument.read(text) instanceof Map<?, ?> map) {
                return Document.strings(map);
            }
            throw new ConfigException("the configuration " + what + " " + name
                    + " is not a mapping of keys to values: begin it with such as 'scope: main'");
        } catch (YamlDocument.Malformed e) {
            throw new ConfigException("the configuration " + what + " " + name + " " + e.getMessage());
        }
    }

    private static String reason(Exception e) {
        return e.getClass().getSimpleName().replaceFirst("Exception$", "");
    }
}
