package org.pgregent.launcher;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * One agent per state folder: two would share a session in the store, and take each other's answers from the guard. The lock
 * goes with the process, however that ends.
 */
final class NodeLock implements AutoCloseable {

    private final FileChannel channel;

    private NodeLock(FileChannel channel) {
        this.channel = channel;
    }

    static NodeLock take(Path stateDir) throws ConfigException {
        Path file = stateDir.resolve("agent.lock");
        try {
            if (!Files.isDirectory(stateDir)) {
                Files.createDirectories(
                        stateDir, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                channel.close();
                throw new ConfigException("another agent is running with regent.state_dir " + stateDir
                        + ": stop it, or give this one a folder of its own");
            }
            return new NodeLock(channel);
        } catch (IOException e) {
            throw new ConfigException("regent.state_dir " + stateDir + " cannot be used: " + e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
