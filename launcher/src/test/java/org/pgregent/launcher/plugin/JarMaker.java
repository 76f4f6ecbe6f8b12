package org.pgregent.launcher.plugin;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.ToolProvider;

/** Makes jars for a test, from Java source. */
final class JarMaker {

    private final Map<String, String> sources = new LinkedHashMap<>();
    private final Map<String, String> resources = new LinkedHashMap<>();
    private String classPath = System.getProperty("java.class.path");

    /** @param type its full name */
    JarMaker source(String type, String source) {
        sources.put(type.replace('.', '/') + ".java", source);
        return this;
    }

    JarMaker resource(String name, String content) {
        resources.put(name, content);
        return this;
    }

    /** What it compiles against comes before everything we have. */
    JarMaker against(Path jar) {
        classPath = jar + ":" + classPath;
        return this;
    }

    Path writeTo(Path jar) throws IOException {
        Path work = Files.createTempDirectory("jar-maker-");
        try {
            Files.createDirectories(work.resolve("out"));
            for (Map.Entry<String, String> source : sources.entrySet()) {
                Path file = work.resolve("in").resolve(source.getKey());
                Files.createDirectories(file.getParent());
                Files.writeString(file, source.getValue());
                String[] arguments = {
                    "-proc:none",
                    "-nowarn",
                    "-d",
                    work.resolve("out").toString(),
                    "-cp",
                    work.resolve("out") + ":" + classPath,
                    file.toString()
                };
                if (ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments) != 0) {
                    throw new IOException(source.getKey() + " does not compile");
                }
            }
            pack(work.resolve("out"), jar);
        } finally {
            try (Stream<Path> all = Files.walk(work)) {
                for (Path each : all.sorted((a, b) -> b.compareTo(a)).toList()) {
                    Files.delete(each);
                }
            }
        }
        Files.setPosixFilePermissions(jar, PosixFilePermissions.fromString("rw-r--r--"));
        return jar;
    }

    private void pack(Path classes, Path jar) throws IOException {
        try (OutputStream file = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(file);
                Stream<Path> all = Files.walk(classes)) {
            List<Path> files = all.filter(Files::isRegularFile).toList();
            for (Path each : files) {
                zip.putNextEntry(new ZipEntry(classes.relativize(each).toString()));
                Files.copy(each, zip);
            }
            for (Map.Entry<String, String> resource : resources.entrySet()) {
                zip.putNextEntry(new ZipEntry(resource.getKey()));
                zip.write(resource.getValue().getBytes(StandardCharsets.UTF_8));
            }
        }
    }
}
