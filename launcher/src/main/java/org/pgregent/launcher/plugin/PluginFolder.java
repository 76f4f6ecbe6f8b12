package org.pgregent.launcher.plugin;

import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.jar.JarFile;
import org.pgregent.dcs.spi.DcsProvider;
import org.pgregent.launcher.ConfigException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The folder of plug-ins: each jar in it is one, and each folder of jars is one with its libraries. Other files are left alone. */
public final class PluginFolder {

    private static final String USUAL = "plugins";

    /** @param place the jar or folder it came from */
    public record Plugin(DcsProvider provider, Path place) {}

    private static final String REMEDY = "get a whole jar of it, built for this pgregent, or remove it";
    private static final Logger LOG = LoggerFactory.getLogger(PluginFolder.class);

    private final Path folder;
    private final List<Plugin> found = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();

    private PluginFolder(Path folder) {
        this.folder = folder;
    }

    /** Beside the jar we run from; empty if there is no such folder, or we run from classes. */
    public static Optional<Path> usual() {
        CodeSource source = PluginFolder.class.getProtectionDomain().getCodeSource();
        if (source == null || source.getLocation() == null) {
            return Optional.empty();
        }
        try {
            Path jar = Path.of(source.getLocation().toURI());
            return Files.isRegularFile(jar)
                    ? Optional.of(jar.resolveSibling(USUAL)).filter(Files::exists)
                    : Optional.empty();
        } catch (URISyntaxException | IllegalArgumentException notAFile) {
            return Optional.empty();
        }
    }

    /** @throws ConfigException with all that is wrong there; nothing of it is used then */
    public static List<Plugin> load(Path folder) throws ConfigException {
        PluginFolder plugins = new PluginFolder(folder);
        try {
            plugins.loadAll(Ownership.ofThisProcess());
        } catch (IOException e) {
            plugins.problems.add(folder + " cannot be read (" + e + "): correct its rights, or name another folder");
        }
        if (!plugins.problems.isEmpty()) {
            plugins.problems.add("Without fault in " + folder + ": "
                    + (plugins.found.isEmpty() ? "nothing" : String.join(", ", plugins.listed())));
            throw new ConfigException(plugins.problems);
        }
        return plugins.found;
    }

    private List<String> listed() {
        return found.stream()
                .map(each -> each.provider().name() + " (" + each.place() + ")")
                .toList();
    }

    private void loadAll(Ownership ownership) throws IOException {
        if (isSafe(ownership, folder)) {
            for (Path place : sorted(folder)) {
                if (Files.isDirectory(place) || isJar(place)) {
                    loadOne(ownership, place);
                }
            }
        }
    }

    private void loadOne(Ownership ownership, Path place) throws IOException {
        List<Path> jars = Files.isDirectory(place)
                ? sorted(place).stream().filter(PluginFolder::isJar).toList()
                : List.of(place);
        if (jars.isEmpty()) {
            problems.add(place + " holds no jar: put the plug-in's jar and its libraries there, or remove the folder");
        }
        int before = problems.size();
        if (isSafe(ownership, place)) {
            for (Path jar : jars) {
                if (isSafe(ownership, jar)) {
                    checkWhole(jar);
                }
            }
        }
        if (!jars.isEmpty() && problems.size() == before) {
            open(place, jars);
        }
    }

    private boolean isSafe(Ownership ownership, Path file) throws IOException {
        Optional<String> objection = ownership.objection(file);
        objection.ifPresent(problems::add);
        return objection.isEmpty();
    }

    private void checkWhole(Path jar) {
        try (JarFile opened = new JarFile(jar.toFile())) {
            LOG.debug("{} has {} entries", jar, opened.size());
        } catch (IOException e) {
            problems.add(jar + " is no whole jar (" + e.getMessage() + "): copy it again, or remove it");
        }
    }

    /** The loader stays open for as long as the process runs. */
    private void open(Path place, List<Path> jars) throws IOException {
        PluginLoader loader = new PluginLoader(String.valueOf(place.getFileName()), urls(jars));
        PluginContext context = new PluginContext(loader, place.toString());
        try {
            List<DcsProvider> providers = context.run(() -> ServiceLoader.load(DcsProvider.class, loader).stream()
                    .map(ServiceLoader.Provider::get)
                    .toList());
            for (DcsProvider provider : providers) {
                found.add(new Plugin(new PluginProvider(provider, context), place));
            }
            if (!providers.isEmpty()) {
                return;
            }
            problems.add(place + " holds no store (no META-INF/services/" + DcsProvider.class.getName()
                    + "): a library belongs in one folder with the plug-in that uses it; remove anything else");
        } catch (ServiceConfigurationError e) {
            problems.add(place + " cannot be loaded (" + e.getMessage()
                    + (e.getCause() == null ? "" : ": " + e.getCause()) + "): " + REMEDY);
        } catch (LinkageError e) {
            problems.add(context.misfit(e));
        } catch (RuntimeException e) {
            problems.add(place + " cannot be used, for it fails when asked for its name (" + e + "): " + REMEDY);
        }
        loader.close();
    }

    private static URL[] urls(List<Path> jars) throws MalformedURLException {
        URL[] urls = new URL[jars.size()];
        for (int i = 0; i < urls.length; i++) {
            urls[i] = jars.get(i).toUri().toURL();
        }
        return urls;
    }

    private static boolean isJar(Path file) {
        return file.toString().endsWith(".jar") && Files.isRegularFile(file);
    }

    private static List<Path> sorted(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
            stream.forEach(files::add);
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        Collections.sort(files);
        return files;
    }
}
