package org.pgregent.launcher.plugin;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Whether somebody else could put code into a file that we are going to run: it must belong to root or to us, be closed to all
 * others' writing, and so must the folders above it. Started as root, we trust root alone.
 */
final class Ownership {

    private static final int STICKY = 01000;
    private static final int GROUP_WRITES = 0020;
    private static final int OTHERS_WRITE = 0002;

    private final int self;

    /** @param self the user to trust besides root */
    Ownership(int self) {
        this.self = self;
    }

    static Ownership ofThisProcess() throws IOException {
        return new Ownership((Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    }

    /** What is wrong with it, and the remedy. */
    Optional<String> objection(Path file) throws IOException {
        Path real = file.toRealPath();
        Optional<String> own = objection(real, GROUP_WRITES | OTHERS_WRITE);
        for (Path above = real.getParent(); own.isEmpty() && above != null; above = above.getParent()) {
            // Distributions give groups to their folders; and where a sticky bit is, only owners move things.
            own = isSticky(above) ? objection(above, 0) : objection(above, OTHERS_WRITE);
        }
        return own;
    }

    private Optional<String> objection(Path file, int forbidden) throws IOException {
        int owner = (Integer) Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        if (owner != 0 && owner != self) {
            return Optional.of(file + " belongs to the user " + Files.getOwner(file, LinkOption.NOFOLLOW_LINKS)
                    + ", who could make this agent run anything: chown it to root"
                    + (self == 0 ? "" : ", or to the user this agent runs as"));
        }
        if ((mode(file) & forbidden) != 0) {
            return Optional.of(file + " can be written to by others than its owner (mode "
                    + Integer.toOctalString(mode(file) & 07777) + "), who could make this agent run anything: chmod "
                    + ((forbidden & GROUP_WRITES) == 0 ? "o-w" : "go-w") + " it");
        }
        return Optional.empty();
    }

    private static boolean isSticky(Path folder) throws IOException {
        return (mode(folder) & STICKY) != 0;
    }

    private static int mode(Path file) throws IOException {
        return (Integer) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    }
}
