package org.pgregent.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The section {@code regent}, ours alone: others ignore it.
 *
 * @param stateDir where this agent keeps what must outlive it, private
 * @param minimumTtl the least ttl this node accepts; below 20 s only by this setting
 * @param user whom the agent becomes when started as root
 */
public record OwnSection(Path stateDir, Duration minimumTtl, Optional<String> user) {

    static OwnSection read(Section section, Path dataDir) {
        Path parent = dataDir.getParent();
        Path usual = (parent == null ? dataDir : parent).resolve("." + dataDir.getFileName() + ".regent");
        Path stateDir = section.absolutePath("state_dir").orElse(usual);
        if (stateDir.startsWith(dataDir)) {
            section.problem("state_dir", "lies in the data folder " + dataDir, "name a folder outside of it");
        }
        return new OwnSection(
                stateDir, Duration.ofSeconds(section.whole("minimum_ttl", 20, 1, 20)), section.text("user"));
    }

    /** A folder in the state folder, made if it is missing: private to this user, also if it was there before with other rights. */
    Path privateFolder(String name) throws IOException {
        Path folder = stateDir.resolve(name);
        for (Path each : List.of(stateDir, folder)) {
            Files.createDirectories(each);
            Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwx------"));
        }
        return folder;
    }
}
