package org.pgregent.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.pgregent.core.agent.StatusBoard;
import org.pgregent.core.model.PostgresView.DataDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The copy of the dynamic configuration in the data folder, for a start at which the store has none. Used by one thread. */
final class DynamicConfigFile {

    private static final Logger LOG = LoggerFactory.getLogger(DynamicConfigFile.class);
    private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rw-------");

    private final Path file;
    private Optional<Map<String, Object>> written = Optional.empty();

    DynamicConfigFile(Path dataDir) {
        this.file = dataDir.resolve("patroni.dynamic.json");
    }

    /** Empty if there is none that can be read. */
    Optional<Map<String, Object>> load() {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            written = Json.object(Files.readString(file)).filter(document -> !document.isEmpty());
            if (written.isEmpty()) {
                LOG.warn("{} holds no JSON object; going on without it", file);
            }
        } catch (IOException e) {
            LOG.warn("{} cannot be read ({}); going on without it", file, e.toString());
        }
        return written;
    }

    /** Writes what changed, into a data folder that is one. A failure is only logged, for nothing hangs on it now. */
    void keep(StatusBoard.Pass pass) {
        Optional<Map<String, Object>> now = pass.cluster()
                .config()
                .map(config -> config.value().document())
                .filter(document -> !document.isEmpty());
        if (now.isEmpty()
                || now.equals(written)
                || pass.node().postgres().dataDir() != DataDir.PRESENT
                || pass.node().runningTask().isPresent()) {
            return;
        }
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        try {
            Files.deleteIfExists(draft);
            Files.createFile(draft, PosixFilePermissions.asFileAttribute(PRIVATE));
            Files.writeString(draft, Json.write(now.get()));
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.warn("{} cannot be written: {}", file, e.toString());
        }
        // Also after a failure: one warning per change is enough.
        written = now;
    }
}
