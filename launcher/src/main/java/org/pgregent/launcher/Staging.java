package org.pgregent.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.pgregent.launcher.config.Document;
import org.pgregent.launcher.config.Variables;

/**
 * Lets an agent that was started as root go on as the user who owns the data. That user may not be able to read the
 * configuration (it holds passwords) nor this program (it may lie in root's home), so both are laid into the state folder, which
 * is private to that user. All is written by that user, not by root: no link in its folders can lead root astray.
 */
final class Staging {

    private static final String WRITE =
            "umask 077 && mkdir -p \"${1%/*}\" && cat >\"$1.new\" && mv -f \"$1.new\" \"$1\"";

    private final OwnSection own;
    private final Path dataDir;
    private final List<Path> ofTheStore;
    private final Document document;
    private final Optional<Path> source;
    private final Map<String, String> variables = new TreeMap<>();

    /**
     * @param dataDir whose owner the agent is to become
     * @param store whose embedded server, if it has one, keeps its data in folders of its own
     * @param document the configuration as merged from files and environment
     * @param source where the files are; read again by that user, if it may, on SIGHUP
     */
    Staging(
            OwnSection own,
            Path dataDir,
            LauncherConfig.Store store,
            Document document,
            Optional<Path> source,
            Map<String, String> environment) {
        this.own = own;
        this.dataDir = dataDir;
        this.ofTheStore = foldersOf(store);
        this.document = document;
        this.source = source.filter(Files::exists);
        environment.forEach((name, value) -> {
            if (name.startsWith(Variables.PREFIX)) {
                variables.put(name, value);
            }
        });
    }

    /** Prepares everything; returns the command that is to replace this process, or to run below it. */
    List<String> prepare() throws ConfigException, IOException, InterruptedException {
        AsUser user = user();
        makeFolders(user);
        Path stage = own.stateDir().resolve("program");
        Path file = stage.resolve("config.yml");
        write(user, file, Json.write(document.values()).getBytes(StandardCharsets.UTF_8));
        Path kept = stage.resolve("variables.json");
        write(user, kept, Json.write(variables).getBytes(StandardCharsets.UTF_8));
        List<String> places = new ArrayList<>();
        for (String place : Jvm.ownClassPath().split(":")) {
            places.add(readable(user, Path.of(place).toAbsolutePath(), stage).toString());
        }
        if (!user.can("-x", Jvm.java())) {
            throw new ConfigException("the user " + user.name() + " may not run " + Jvm.java()
                    + ": use a Java outside of root's home, or set regent.user");
        }
        List<String> arguments = new ArrayList<>(List.of(file.toString()));
        // The program may run from another place than this one, so what lies beside this one has to be named.
        Optional<Path> plugins = ProviderCatalog.pluginFolder(document.values());
        if (plugins.isPresent()) {
            Path copy = readablePlugins(user, plugins.get(), stage.resolve("plugin-copies"));
            arguments.addAll(List.of("--plugins", copy.toString()));
        }
        source.ifPresent(original -> arguments.addAll(
                List.of("--reread", original.toAbsolutePath().toString(), "--reread-variables", kept.toString())));
        return user.prefix(Jvm.command(String.join(":", places), arguments.toArray(String[]::new)));
    }

    /** What the environment held when the configuration was staged. */
    static Map<String, String> variables(Path kept) throws ConfigException {
        try {
            Map<String, String> variables = new TreeMap<>();
            Json.object(Files.readString(kept))
                    .orElse(Map.of())
                    .forEach((name, value) -> variables.put(name, String.valueOf(value)));
            return variables;
        } catch (IOException e) {
            throw new ConfigException(
                    kept + " cannot be read (" + e.getClass().getSimpleName() + "): start the agent again");
        }
    }

    private static Path readablePlugins(AsUser user, Path folder, Path copies)
            throws IOException, InterruptedException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(folder, 2, FileVisitOption.FOLLOW_LINKS)) {
            files = all.filter(Files::isRegularFile).toList();
        }
        boolean readable = user.can("-r", folder);
        for (Path file : files) {
            readable &= user.can("-r", file);
        }
        if (readable) {
            return folder;
        }
        // Of a former start there may be plug-ins that are gone by now.
        user.shell("rm -rf \"$1\" && mkdir -p -m 700 \"$1\"", new byte[0], copies.toString());
        for (Path file : files) {
            write(user, copies.resolve(folder.relativize(file).toString()), Files.readAllBytes(file));
        }
        return copies;
    }

    private AsUser user() throws ConfigException, IOException, InterruptedException {
        String name = own.user().isPresent() ? own.user().get() : usualUser();
        return AsUser.named(name)
                .orElseThrow(
                        () -> new ConfigException(
                                "regent.user '" + name
                                        + "' is not a user of this machine other than root, and PostgreSQL refuses to run as root: create it, or name another"));
    }

    private String usualUser() throws IOException {
        if (Files.exists(dataDir)) {
            String owner = Files.getOwner(dataDir).getName();
            if (!owner.equals("root")) {
                return owner;
            }
        }
        return "postgres";
    }

    private static List<Path> foldersOf(LauncherConfig.Store store) {
        List<Path> folders = new ArrayList<>();
        if (store.settings().get("embedded") instanceof Map<?, ?> embedded) {
            for (String key : List.of("data_dir", "log_dir")) {
                Optional.ofNullable(embedded.get(key))
                        .map(value -> Path.of(value.toString()))
                        .filter(Path::isAbsolute)
                        .ifPresent(folders::add);
            }
        }
        return folders;
    }

    /** Those whose parent only root may write to are made by root and given away. */
    private void makeFolders(AsUser user) throws ConfigException, IOException, InterruptedException {
        List<Path> folders = new ArrayList<>(List.of(own.stateDir(), dataDir));
        folders.addAll(ofTheStore);
        for (Path folder : folders) {
            boolean there = Files.exists(folder, LinkOption.NOFOLLOW_LINKS);
            if (!there && folder.equals(dataDir) && user.can("-w", folder.getParent())) {
                // Its own work, once it knows that it may make or clone a cluster.
                continue;
            }
            if (!there
                    && user.shell("mkdir -p -m 700 \"$1\"", new byte[0], folder.toString())
                                    .code()
                            != 0) {
                makeAsRoot(folder, user);
            }
            if (!user.can("-w", folder)) {
                throw new ConfigException("the user " + user.name() + " may not write to " + folder
                        + ": give the folder to that user (chown), or set regent.user to its owner");
            }
        }
    }

    private static void makeAsRoot(Path folder, AsUser user) throws IOException, ConfigException {
        Deque<Path> missing = new ArrayDeque<>();
        for (Path each = folder;
                each != null && !Files.exists(each, LinkOption.NOFOLLOW_LINKS);
                each = each.getParent()) {
            missing.push(each);
        }
        Path last = missing.peekLast();
        for (Path each : missing) {
            String parentOwner = Files.getOwner(each.getParent()).getName();
            if (!parentOwner.equals("root")) {
                throw new ConfigException(each.getParent() + " belongs to " + parentOwner + " and is closed to "
                        + user.name() + ": make " + folder + " yourself and give it to " + user.name());
            }
            String rights = each.equals(last) ? "rwx------" : "rwxr-xr-x";
            Files.createDirectory(each, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(rights)));
        }
        Files.setOwner(
                last, last.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(user.name()));
    }

    private static Path readable(AsUser user, Path place, Path stage)
            throws IOException, InterruptedException, ConfigException {
        if (user.can("-r", place)) {
            return place;
        }
        if (Files.isDirectory(place)) {
            throw new ConfigException(
                    user.name() + " may not read " + place + ": run the jar, not a folder of classes");
        }
        Path copy = stage.resolve(place.getFileName().toString());
        if (!Files.exists(copy) || Files.mismatch(copy, place) >= 0) {
            write(user, copy, Files.readAllBytes(place));
            // Without the archive everything works, only slower.
            user.run(Jvm.archiveCommand(copy), new byte[0]);
        }
        return copy;
    }

    private static void write(AsUser user, Path file, byte[] content) throws IOException, InterruptedException {
        AsUser.Result result = user.shell(WRITE, content, file.toString());
        if (result.code() != 0) {
            throw new IOException(file + " cannot be written as " + user.name() + ": "
                    + result.output().strip());
        }
    }
}
