package org.pgregent.launcher.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds and signals the processes that belong to a folder. Only those: the folder's name is unique. */
final class LocalProcesses {

    private static final Path PROC = Path.of("/proc");

    private LocalProcesses() {}

    /** The postmaster of a data folder, if its pid file names a process that works there. */
    static Optional<ProcessHandle> postmaster(Path dataDir) {
        try {
            String first =
                    Files.readAllLines(dataDir.resolve("postmaster.pid")).get(0).strip();
            return ProcessHandle.of(Long.parseLong(first)).filter(process -> worksIn(process.pid(), dataDir));
        } catch (IOException | IndexOutOfBoundsException | NumberFormatException notRunning) {
            return Optional.empty();
        }
    }

    /** All that work in the folder or have it on their command line. */
    static List<ProcessHandle> of(Path folder) throws IOException {
        List<ProcessHandle> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path entry : entries) {
                long pid = Long.parseLong(entry.getFileName().toString());
                if (pid != ProcessHandle.current().pid() && (worksIn(pid, folder) || names(pid, folder))) {
                    ProcessHandle.of(pid).ifPresent(found::add);
                }
            }
        }
        return found;
    }

    private static boolean worksIn(long pid, Path folder) {
        try {
            return Files.readSymbolicLink(PROC.resolve(pid + "/cwd")).startsWith(folder);
        } catch (IOException | UnsupportedOperationException goneOrNotOurs) {
            return false;
        }
    }

    private static boolean names(long pid, Path folder) {
        return title(pid).contains(folder + "/");
    }

    /** The command line, or what the process has made of it; empty if it is gone or not ours to see. */
    static String title(long pid) {
        try {
            return new String(Files.readAllBytes(PROC.resolve(pid + "/cmdline")), StandardCharsets.UTF_8);
        } catch (IOException goneOrNotOurs) {
            return "";
        }
    }

    /** A dead process nobody has waited for yet counts as dead. */
    static boolean isAlive(long pid) {
        try {
            String stat = Files.readString(PROC.resolve(pid + "/stat"), StandardCharsets.ISO_8859_1);
            return "ZX".indexOf(stat.charAt(stat.lastIndexOf(')') + 2)) < 0;
        } catch (IOException gone) {
            return false;
        }
    }

    static void signal(String signal, long pid) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + signal, Long.toString(pid))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }
}
