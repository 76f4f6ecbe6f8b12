package org.pgregent.launcher;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How a JVM for an agent is started: small, and gone at once when out of memory, for the guard knows what to do then. */
public final class Jvm {

    private static final List<String> FLAGS = List.of(
            "-XX:+UseSerialGC",
            "-Xms24m",
            "-Xmx96m",
            "-Xss512k",
            "-XX:TieredStopAtLevel=1",
            "-XX:+ExitOnOutOfMemoryError",
            "-Dguice_custom_class_loading=CHILD");

    /** An archive that does not fit is no news: the JVM goes on without it. */
    private static final List<String> QUIET = List.of("-Xlog:disable", "-Xlog:all=error:stderr");

    private Jvm() {}

    /** @param classPath a jar, or several places */
    public static List<String> command(String classPath, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(java().toString());
        command.addAll(FLAGS);
        Path archive = archiveOf(classPath);
        if (Files.isReadable(archive)) {
            command.add("-XX:SharedArchiveFile=" + archive);
            command.addAll(QUIET);
        }
        command.addAll(List.of("-cp", classPath, Main.class.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    /** The command that makes the archive of loaded classes for this jar, which halves the time to start. */
    public static List<String> archiveCommand(Path jar) {
        List<String> command = new ArrayList<>();
        command.add(java().toString());
        command.addAll(FLAGS);
        command.addAll(List.of(
                "-XX:ArchiveClassesAtExit=" + archiveOf(jar.toString()),
                "-Xlog:disable",
                "-cp",
                jar.toString(),
                Main.class.getName(),
                WarmUp.NAME));
        return command;
    }

    /** Beside the jar, with the version of Java: an archive fits one only. */
    static Path archiveOf(String classPath) {
        return Path.of(classPath.split(":")[0] + "." + Runtime.version().feature() + ".jsa");
    }

    public static Path java() {
        return Path.of(System.getProperty("java.home"), "bin", "java");
    }

    /** What this program runs from: usually one jar. */
    public static String ownClassPath() {
        return System.getProperty("java.class.path");
    }
}
