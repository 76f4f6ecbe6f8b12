package org.pgregent.pg;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Files that are there with all of their content or, also after a full disk or a crash, as they were before. */
final class AtomicFiles {

    static final Set<PosixFilePermission> PRIVATE_FILE = PosixFilePermissions.fromString("rw-------");
    static final Set<PosixFilePermission> PRIVATE_FOLDER = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> GROUP_FILE = PosixFilePermissions.fromString("rw-r-----");

    private AtomicFiles() {}

    /** Writes a file beside it, to the disk, and renames. Nothing is done if the content is there already. Returns whether it was. */
    static boolean write(Path file, String content, Set<PosixFilePermission> mode) throws IOException {
        if (Files.isRegularFile(file) && hasContent(file, content)) {
            return false;
        }
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(draft);
        try {
            Files.createFile(draft, PosixFilePermissions.asFileAttribute(mode));
            Files.setPosixFilePermissions(draft, mode);
            try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(draft);
        }
        sync(file.toAbsolutePath().getParent());
        return true;
    }

    private static boolean hasContent(Path file, String content) throws IOException {
        byte[] wanted = content.getBytes(StandardCharsets.UTF_8);
        return Files.size(file) == wanted.length && java.util.Arrays.equals(Files.readAllBytes(file), wanted);
    }

    /** Makes names made, changed or removed in that folder last. */
    static void sync(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** PostgreSQL lets a data folder be for its owner or, since 11, for its group too; files in it follow. */
    static Set<PosixFilePermission> modeIn(Path dataDir) throws IOException {
        Set<PosixFilePermission> folder = Files.getPosixFilePermissions(dataDir);
        boolean group =
                folder.contains(PosixFilePermission.GROUP_READ) && folder.contains(PosixFilePermission.GROUP_EXECUTE);
        return group ? GROUP_FILE : PRIVATE_FILE;
    }

    static void makePrivateFolder(Path folder) throws IOException {
        Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(PRIVATE_FOLDER));
        Files.setPosixFilePermissions(folder, PRIVATE_FOLDER);
    }
}
