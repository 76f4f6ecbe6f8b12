package org.pgregent.launcher.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.pgregent.launcher.AsUser;

/** Whether PostgreSQL's programs are on this machine, and how to get them. */
final class PostgresPrograms {

    private static final Path DEBIAN = Path.of("/usr/lib/postgresql");

    private PostgresPrograms() {}

    static boolean areThere() throws IOException {
        for (String place :
                Optional.ofNullable(System.getenv("PATH")).orElse("").split(":")) {
            if (!place.isEmpty() && Files.isExecutable(Path.of(place, "initdb"))) {
                return true;
            }
        }
        if (!Files.isDirectory(DEBIAN)) {
            return false;
        }
        try (DirectoryStream<Path> versions = Files.newDirectoryStream(DEBIAN)) {
            for (Path version : versions) {
                if (Files.isExecutable(version.resolve("bin/initdb"))) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The command that installs them, where this system has one we know. */
    static Optional<List<String>> installation() {
        if (!Files.isExecutable(Path.of("/usr/bin/apt-get"))) {
            return Optional.empty();
        }
        List<String> command = new ArrayList<>();
        if (!AsUser.amRoot()) {
            command.add("sudo");
        }
        command.addAll(List.of("apt-get", "install", "-y", "postgresql"));
        return Optional.of(command);
    }

    /** Installs them if {@code allowed} or somebody at the terminal agrees; tells how if not. */
    static boolean offer(boolean allowed, PrintStream out) throws IOException, InterruptedException {
        Optional<List<String>> command = installation();
        if (command.isEmpty()) {
            out.println(
                    "PostgreSQL's programs (initdb, postgres, ...) are not in PATH: install PostgreSQL, then try again.");
            return false;
        }
        String text = String.join(" ", command.get());
        if (!allowed && !agreed(text, out)) {
            out.println("PostgreSQL's programs are missing. This gets them: " + text + "   (or: regent demo --yes)");
            return false;
        }
        out.println(text);
        int code = new ProcessBuilder(command.get()).inheritIO().start().waitFor();
        if (code != 0 || !areThere()) {
            out.println("that did not work (exit code " + code + "); install PostgreSQL by hand, then try again");
            return false;
        }
        return true;
    }

    private static boolean agreed(String command, PrintStream out) throws IOException {
        Path input = Path.of("/proc/self/fd/0");
        if (!Files.isSymbolicLink(input) || !Files.readSymbolicLink(input).startsWith("/dev/pts")) {
            return false;
        }
        out.print("PostgreSQL's programs are missing. Run '" + command + "' now? [y/N] ");
        out.flush();
        int answer = System.in.read();
        return answer == 'y' || answer == 'Y';
    }
}
