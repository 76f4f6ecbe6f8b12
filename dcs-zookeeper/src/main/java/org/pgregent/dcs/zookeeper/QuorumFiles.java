package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * The files of a server that say who belongs to the quorum. ZooKeeper writes a new one with each list it has agreed on, named
 * after the list's version, and one for a list that is only proposed; it never deletes an old one, and starts from whichever it
 * is told to. Here that is always the highest.
 */
final class QuorumFiles {

    private static final String STATIC = "quorum.properties";
    private static final String DYNAMIC = STATIC + ".dynamic";
    private static final int KEPT = 3;

    private final Path folder;
    private final Path data;

    /** @param data where ZooKeeper keeps its snapshots */
    QuorumFiles(Path folder, Path data) {
        this.folder = folder;
        this.data = data;
    }

    /** What this server last knew to be agreed on, if it ever did. */
    Optional<QuorumView> stored() throws IOException {
        List<Path> all = versioned();
        if (all.isEmpty()) {
            return Optional.empty();
        }
        Path highest = all.get(0);
        QuorumView view = QuorumView.parse(Files.readString(highest));
        return Optional.of(new QuorumView(version(highest), view.servers()));
    }

    /** Whether it ever was part of a quorum. */
    boolean hasData() throws IOException {
        Path state = data.resolve("version-2");
        if (!Files.isDirectory(state)) {
            return false;
        }
        try (Stream<Path> files = Files.list(state)) {
            return files.anyMatch(file -> file.getFileName().toString().equals("currentEpoch"));
        }
    }

    /** Writes what the server is to start from; returns the file that names the rest. */
    Path write(Properties fixed, QuorumView view) throws IOException {
        for (Path old : versioned().stream().skip(KEPT).toList()) {
            Files.delete(old);
        }
        boolean agreed = view.version() > 0;
        Path dynamic = folder.resolve(agreed ? DYNAMIC + "." + Long.toHexString(view.version()) : DYNAMIC);
        replace(dynamic, view.fileText());
        Properties all = new Properties();
        all.putAll(fixed);
        all.setProperty("dynamicConfigFile", dynamic.toString());
        StringWriter text = new StringWriter();
        all.store(text, null);
        Path file = folder.resolve(STATIC);
        replace(file, text.toString());
        return file;
    }

    private List<Path> versioned() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> version(file) > 0)
                    .sorted(Comparator.comparingLong(QuorumFiles::version).reversed())
                    .toList();
        }
    }

    /** 0 if it is none of these files. */
    private static long version(Path file) {
        String name = file.getFileName().toString();
        if (!name.startsWith(DYNAMIC + ".")) {
            return 0;
        }
        try {
            return Long.parseUnsignedLong(name.substring(DYNAMIC.length() + 1), 16);
        } catch (NumberFormatException proposedOrTemporary) {
            return 0;
        }
    }

    private static void replace(Path file, String text) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".tmp");
        Files.deleteIfExists(next);
        Files.createFile(next, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(next, text, StandardCharsets.ISO_8859_1, StandardOpenOption.SYNC, StandardOpenOption.WRITE);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
