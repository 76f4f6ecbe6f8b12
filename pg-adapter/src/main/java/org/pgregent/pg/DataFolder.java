package org.pgregent.pg;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.pgregent.core.model.PostgresView.DataDir;
import org.pgregent.core.port.PostgresException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The data folder as a folder. Its content is deleted only if this agent itself began to fill it when it was empty (a marker
 * in the state folder says so), or by {@link #remove}.
 */
final class DataFolder {

    private static final Logger LOG = LoggerFactory.getLogger(DataFolder.class);

    private final Path dataDir;
    private final Path marker;
    private final Path rewinding;

    DataFolder(Path dataDir, Path stateDir) {
        this.dataDir = dataDir;
        this.marker = stateDir.resolve("unfinished");
        this.rewinding = stateDir.resolve("rewinding");
    }

    DataDir state() {
        try {
            if (Files.exists(dataDir.resolve("global/pg_control"))) {
                return isMarked() ? DataDir.UNFINISHED : DataDir.PRESENT;
            }
            if (isEmpty()) {
                return DataDir.EMPTY;
            }
            return isMarked() ? DataDir.UNFINISHED : DataDir.INVALID;
        } catch (IOException e) {
            LOG.debug("cannot look into {}", dataDir, e);
            return DataDir.INACCESSIBLE;
        }
    }

    /** Dot files and a file system's lost+found do not count. */
    private boolean isEmpty() throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(dataDir)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                if (!name.startsWith(".") && !name.equals("lost+found")) {
                    return false;
                }
            }
            return true;
        } catch (NoSuchFileException notThere) {
            return true;
        }
    }

    private boolean isMarked() throws IOException {
        return isMarkedBy(marker);
    }

    /** A marker names the folder, for a state folder may have been copied together with a configuration. */
    private boolean isMarkedBy(Path marker) throws IOException {
        try {
            return Files.readString(marker).equals(dataDir + "\n");
        } catch (NoSuchFileException unmarked) {
            return false;
        }
    }

    /** Marks the folder, then empties it. Whatever happens until {@link #finished} may be done all over again. */
    void beginFilling() throws PostgresException {
        DataDir state = state();
        if (state != DataDir.EMPTY && state != DataDir.UNFINISHED) {
            throw new PostgresException("the data folder " + dataDir + " is " + describe(state)
                    + ": it is not touched. " + "Move it away, or set postgresql.data_dir to another folder");
        }
        try {
            AtomicFiles.write(marker, dataDir + "\n", AtomicFiles.PRIVATE_FILE);
            makeFolder();
            if (state == DataDir.UNFINISHED) {
                LOG.info("emptying the data folder {}, which was not finished", dataDir);
                emptyWithLinkTargets();
            }
        } catch (IOException e) {
            throw new PostgresException("cannot prepare the data folder " + dataDir + ": " + reason(e), e);
        }
    }

    private void makeFolder() throws IOException {
        if (!Files.isDirectory(dataDir)) {
            Files.createDirectories(dataDir.getParent());
            Files.createDirectory(dataDir, PosixFilePermissions.asFileAttribute(AtomicFiles.PRIVATE_FOLDER));
        }
    }

    /** The programs that fill a folder write it to the disk themselves; so the marker goes last. */
    void finished() throws PostgresException {
        try {
            AtomicFiles.sync(dataDir);
            Files.deleteIfExists(rewinding);
            Files.deleteIfExists(marker);
            AtomicFiles.sync(marker.getParent());
        } catch (IOException e) {
            throw new PostgresException("cannot complete the data folder " + dataDir + ": " + reason(e), e);
        }
    }

    /** pg_rewind is about to change it: until {@link #rewound} it is part this node's and part the leader's. */
    void beginRewinding() throws PostgresException {
        try {
            AtomicFiles.write(rewinding, dataDir + "\n", AtomicFiles.PRIVATE_FILE);
        } catch (IOException e) {
            throw new PostgresException("cannot note that " + dataDir + " is being rewound: " + reason(e), e);
        }
    }

    boolean isHalfRewound() throws PostgresException {
        try {
            return isMarkedBy(rewinding);
        } catch (IOException e) {
            throw new PostgresException("cannot tell whether " + dataDir + " was being rewound: " + reason(e), e);
        }
    }

    void rewound() throws PostgresException {
        try {
            Files.deleteIfExists(rewinding);
            AtomicFiles.sync(rewinding.getParent());
        } catch (IOException e) {
            throw new PostgresException("cannot note that " + dataDir + " was rewound: " + reason(e), e);
        }
    }

    /** Renames it, and the targets of its links, to {@code .failed}, {@code .failed.2}, and so on. */
    void setAside() throws PostgresException {
        try {
            if (!Files.exists(dataDir, LinkOption.NOFOLLOW_LINKS)) {
                return;
            }
            for (Path link : outsideLinks()) {
                Path target = link.toRealPath();
                Path aside = renameAside(target);
                Files.delete(link);
                Files.createSymbolicLink(link, aside);
            }
            Path aside = renameAside(dataDir);
            Files.deleteIfExists(marker);
            Files.deleteIfExists(rewinding);
            LOG.warn("the data folder {} is now {}", dataDir, aside);
        } catch (IOException e) {
            throw new PostgresException(
                    "cannot rename the data folder " + dataDir + ": " + reason(e)
                            + (isMountPoint() ? " (it is a mount point; use a folder below it)" : ""),
                    e);
        }
    }

    private static Path renameAside(Path folder) throws IOException {
        for (int number = 1; ; number++) {
            Path aside = folder.resolveSibling(folder.getFileName() + ".failed" + (number == 1 ? "" : "." + number));
            if (!Files.exists(aside, LinkOption.NOFOLLOW_LINKS)) {
                return Files.move(folder, aside);
            }
        }
    }

    /** Deletes all of it, and what its links to WAL and tablespaces lead to; a mount point is emptied. */
    void remove() throws PostgresException {
        try {
            if (!Files.exists(dataDir)) {
                return;
            }
            LOG.warn("deleting the data folder {}", dataDir);
            // Half deleted is unfinished: should we be stopped here, the next one may go on.
            AtomicFiles.write(marker, dataDir + "\n", AtomicFiles.PRIVATE_FILE);
            emptyWithLinkTargets();
            if (!isMountPoint() && !Files.isSymbolicLink(dataDir)) {
                deleteEmptyFolder();
            }
            Files.deleteIfExists(rewinding);
            Files.deleteIfExists(marker);
        } catch (IOException e) {
            throw new PostgresException("cannot delete the data folder " + dataDir + ": " + reason(e), e);
        }
    }

    private void deleteEmptyFolder() throws IOException {
        try {
            Files.delete(dataDir);
        } catch (java.nio.file.AccessDeniedException parentIsNotOurs) {
            LOG.debug("the data folder {} stays, empty: its parent folder is not ours", dataDir);
        }
    }

    private void emptyWithLinkTargets() throws IOException {
        for (Path link : outsideLinks()) {
            empty(link.toRealPath());
        }
        empty(dataDir);
    }

    /** pg_wal and tablespaces that lie elsewhere and are there. */
    private List<Path> outsideLinks() throws IOException {
        List<Path> links = new ArrayList<>();
        Path wal = dataDir.resolve("pg_wal");
        if (Files.isSymbolicLink(wal) && Files.isDirectory(wal)) {
            links.add(wal);
        }
        Path tablespaces = dataDir.resolve("pg_tblspc");
        if (Files.isDirectory(tablespaces)) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(tablespaces)) {
                for (Path entry : entries) {
                    if (Files.isSymbolicLink(entry) && Files.isDirectory(entry)) {
                        links.add(entry);
                    }
                }
            }
        }
        return links;
    }

    private boolean isMountPoint() {
        try {
            return !Files.getAttribute(dataDir, "unix:dev").equals(Files.getAttribute(dataDir.getParent(), "unix:dev"));
        } catch (IOException e) {
            LOG.debug("cannot tell whether {} is a mount point", dataDir, e);
            return false;
        }
    }

    /** Deletes what is in it, following no links. */
    private static void empty(Path folder) throws IOException {
        Files.walkFileTree(folder.toRealPath(), new SimpleFileVisitor<>() {
            private final Path top = folder.toRealPath();

            @Override
            public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
                return dir.equals(top.resolve("lost+found")) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, IOException problem) throws IOException {
                if (problem != null) {
                    throw problem;
                }
                if (!dir.equals(top)) {
                    Files.delete(dir);
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static String describe(DataDir state) {
        return switch (state) {
            case PRESENT -> "in use by a database cluster";
            case INVALID -> "neither empty nor a database cluster";
            case INACCESSIBLE -> "not accessible";
            case EMPTY -> "empty";
            case UNFINISHED -> "unfinished";
        };
    }

    static String reason(IOException e) {
        if (e instanceof java.nio.file.AccessDeniedException) {
            return "permission denied: " + e.getMessage();
        }
        if (e instanceof FileAlreadyExistsException) {
            return "exists already: " + e.getMessage();
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
}
