package org.pgregent.launcher;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.pgregent.dcs.spi.DcsProvider;

/** The kinds of stores on the class path. */
public final class ProviderCatalog {

    private final Map<String, DcsProvider> bySection = new TreeMap<>();
    private final List<String> names;

    /** What stands on the class path. */
    public static ProviderCatalog onClassPath() throws ConfigException {
        List<DcsProvider> found = new ArrayList<>();
        try {
            ServiceLoader.load(DcsProvider.class).forEach(found::add);
        } catch (ServiceConfigurationError e) {
            throw new ConfigException(
                    "a store on the class path cannot be loaded (" + e.getMessage() + "): correct or remove its jar");
        }
        return of(found);
    }

    /** @throws ConfigException if there is none, or two answer for the same name */
    static ProviderCatalog of(List<DcsProvider> found) throws ConfigException {
        return new ProviderCatalog(found);
    }

    private ProviderCatalog(List<DcsProvider> found) throws ConfigException {
        List<String> listed = found.stream()
                .map(p -> p.name() + " (" + p.getClass().getName() + ")")
                .sorted()
                .toList();
        if (found.isEmpty()) {
            throw new ConfigException("no store is on the class path: add the jar of one, such as dcs-zookeeper");
        }
        Map<String, DcsProvider> byName = new TreeMap<>();
        for (DcsProvider provider : found) {
            if (byName.put(provider.name(), provider) != null) {
                throw new ConfigException("two stores on the class path have the name " + provider.name()
                        + ": remove one of them; found are " + String.join(", ", listed));
            }
            for (String section : provider.sections()) {
                if (bySection.put(section, provider) != null) {
                    throw new ConfigException("two stores on the class path answer for the section " + section
                            + ": remove one of them; found are " + String.join(", ", listed));
                }
            }
        }
        this.names = List.copyOf(byName.keySet());
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
