package org.pgregent.launcher;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.pgregent.dcs.spi.DcsProvider;
import org.pgregent.launcher.plugin.PluginFolder;

/** The kinds of stores there are: on the class path, and in the folder of plug-ins. */
public final class ProviderCatalog {

    private static final String CLASS_PATH = "the class path";

    private record Found(DcsProvider provider, String kind, String place) {
        @Override
        public String toString() {
            return provider.name() + " (" + kind + " from " + place + ")";
        }
    }

    private final Map<String, DcsProvider> bySection = new TreeMap<>();
    private final List<String> names;

    /** What stands on the class path. */
    public static ProviderCatalog onClassPath() throws ConfigException {
        return new ProviderCatalog(classPath(), Optional.empty());
    }

    /** The same, and what lies in the folder that a configuration names or in the usual one. */
    public static ProviderCatalog of(Map<String, Object> document) throws ConfigException {
        return with(pluginFolder(document));
    }

    /** What stands on the class path, and what lies in this folder. */
    static ProviderCatalog with(Optional<Path> folder) throws ConfigException {
        List<Found> found = classPath();
        if (folder.isPresent()) {
            for (PluginFolder.Plugin plugin : PluginFolder.load(folder.get())) {
                found.add(new Found(
                        plugin.provider(),
                        plugin.provider().toString(),
                        plugin.place().toString()));
            }
        }
        return new ProviderCatalog(found, folder);
    }

    /** {@code regent.plugins}, or the usual place if it is there. */
    static Optional<Path> pluginFolder(Map<String, Object> document) throws ConfigException {
        List<String> problems = new ArrayList<>();
        Section section = new Section("", document, problems).section("regent");
        Optional<Path> named = section.absolutePath("plugins");
        if (named.isPresent() && !Files.isDirectory(named.get())) {
            section.problem("plugins", "is no folder", "make it, or leave the key out");
        }
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
        return named.isPresent() ? named : PluginFolder.usual();
    }

    private static List<Found> classPath() throws ConfigException {
        List<Found> found = new ArrayList<>();
        try {
            for (DcsProvider provider : ServiceLoader.load(DcsProvider.class)) {
                found.add(new Found(provider, provider.getClass().getName(), CLASS_PATH));
            }
            return found;
        } catch (ServiceConfigurationError e) {
            throw new ConfigException(
                    "a store on the class path cannot be loaded (" + e.getMessage() + "): correct or remove its jar");
        }
    }

    /** @throws ConfigException if there is none, or two answer for the same name */
    static ProviderCatalog of(List<DcsProvider> found) throws ConfigException {
        return new ProviderCatalog(
                found.stream()
                        .map(each -> new Found(each, each.getClass().getName(), CLASS_PATH))
                        .toList(),
                Optional.empty());
    }

    private ProviderCatalog(List<Found> found, Optional<Path> folder) throws ConfigException {
        if (found.isEmpty()) {
            throw new ConfigException("no store is on the class path"
                    + folder.map(path -> " or in " + path).orElse("")
                    + ": add the jar of one, such as dcs-zookeeper");
        }
        Map<String, Found> byName = new TreeMap<>();
        for (Found each : found) {
            String name = each.provider().name();
            if (byName.put(name, each) != null) {
                throw two("have the name " + name, found);
            }
            for (String section : each.provider().sections()) {
                if (bySection.put(section, each.provider()) != null) {
                    throw two("answer for the section " + section, found);
                }
            }
        }
        this.names = List.copyOf(byName.keySet());
    }

    private static ConfigException two(String clash, List<Found> found) {
        return new ConfigException("two stores " + clash + ": remove one of them; found are "
                + found.stream().map(Found::toString).sorted().collect(Collectors.joining(", ")));
    }

    public Optional<DcsProvider> forSection(String section) {
        return Optional.ofNullable(bySection.get(section));
    }

    public List<String> names() {
        return names;
    }

    /** In alphabetical order, which is the order of preference. */
    public List<String> sections() {
        return List.copyOf(bySection.keySet());
    }
}
