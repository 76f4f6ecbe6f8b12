package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What it takes to go on with a session: kept in the state folder, so that the agent's next process finds its keys still its
 * own. The password is only good for this one session, yet nobody else shall read it.
 */
record SavedSession(long id, byte[] password, Duration ttl) {

    private static final Logger LOG = LoggerFactory.getLogger(SavedSession.class);
    private static final String FILE = "zookeeper.session";

    String name() {
        return Session.name(id);
    }

    /** Empty if there is none, or none that can be understood: a session is a convenience, never worth a failed start. */
    static Optional<SavedSession> read(Path stateDir) {
        Path file = stateDir.resolve(FILE);
        try {
            String[] parts = Files.readString(file).trim().split(" ");
            if (parts.length != 3) {
                LOG.warn("{} is not understood; a new session will be opened", file);
                return Optional.empty();
            }
            return Optional.of(new SavedSession(
                    Long.parseUnsignedLong(parts[0], 16),
                    HexFormat.of().parseHex(parts[1]),
                    Duration.ofMillis(Long.parseLong(parts[2]))));
        } catch (NoSuchFileException none) {
            return Optional.empty();
        } catch (IOException | IllegalArgumentException e) {
            LOG.warn("{} is not understood; a new session will be opened", file, e);
            return Optional.empty();
        }
    }

    /** Replaces the file as a whole: after a crash it is the old or the new one. */
    void write(Path stateDir) throws IOException {
        Path next = stateDir.resolve(FILE + ".new");
        String line = Long.toHexString(id) + " " + HexFormat.of().formatHex(password) + " " + ttl.toMillis() + "\n";
        Files.deleteIfExists(next);
        try (FileChannel channel = FileChannel.open(
                next,
                EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            channel.write(StandardCharsets.US_ASCII.encode(line));
            channel.force(true);
        }
        Files.move(next, stateDir.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    }
}
