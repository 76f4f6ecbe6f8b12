package org.pgregent.pg;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgregent.core.port.PostgresException;

/** Where PostgreSQL's programs are. */
final class Programs {

    private static final Path DEBIAN = Path.of("/usr/lib/postgresql");

    private final Optional<Path> binDir;
    private final Map<String, String> names;

    Programs(Optional<Path> binDir, Map<String, String> names) {
        this.binDir = binDir;
        this.names = Map.copyOf(names);
    }

    /** The program's path; the message of the exception says what to configure. */
    Path find(String program) throws PostgresException {
        String file = names.getOrDefault(program, program);
        List<Path> places = binDir.map(List::of).orElseGet(Programs::usualPlaces);
        for (Path place : places) {
            Path candidate = place.resolve(file);
            if (Files.isExecutable(candidate) && !Files.isDirectory(candidate)) {
                return candidate;
            }
        }
        throw new PostgresException(binDir.map(dir -> "there is no program " + file + " in postgresql.bin_dir (" + dir
                        + "): correct the setting, or install it")
                .orElse("no program " + file + " in PATH or " + DEBIAN
                        + "/*/bin: set postgresql.bin_dir to the folder that holds PostgreSQL's programs"));
    }

    /** The short name under which Linux shows the server's processes. */
    String serverName() {
        String name = names.getOrDefault("postgres", "postgres");
        return name.length() > 15 ? name.substring(0, 15) : name;
    }

    private static List<Path> usualPlaces() {
        List<Path> places = new ArrayList<>();
        for (String entry :
                Optional.ofNullable(System.getenv("PATH")).orElse("").split(":")) {
            if (!entry.isEmpty()) {
                places.add(Path.of(entry));
            }
        }
        places.addAll(debianPlaces());
        return places;
    }

    /** Newest first. */
    private static List<Path> debianPlaces() {
        if (!Files.isDirectory(DEBIAN)) {
            return List.of();
        }
        List<Path> versions = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(DEBIAN, "[0-9]*")) {
            found.forEach(versions::add);
        } catch (IOException unreadable) {
            // Whoever may not list this folder has nothing installed there that could be run.
            return List.of();
        }
        versions.sort(Comparator.comparingInt(Programs::versionOf).reversed());
        return versions.stream().map(version -> version.resolve("bin")).toList();
    }

    private static int versionOf(Path folder) {
        String digits = folder.getFileName().toString().replaceAll("\\D.*", "");
        return digits.length() > 6 ? 0 : Integer.parseInt(digits);
    }
}
