package org.pgregent.pg;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.pgregent.core.port.PostgresException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which postmaster was asked to promote. PostgreSQL itself tells nobody once it has taken the order, and the agent that gave it may
 * have died since.
 */
final class PromotionMark {

    private static final Logger LOG = LoggerFactory.getLogger(PromotionMark.class);

    private final Path file;

    PromotionMark(Path stateDir) {
        this.file = stateDir.resolve("promoting");
    }

    /** Before the order is given. */
    void set(String postmaster) throws PostgresException {
        try {
            AtomicFiles.write(file, postmaster + "\n", AtomicFiles.PRIVATE_FILE);
        } catch (IOException e) {
            throw new PostgresException(
                    "not promoting, for " + file + " cannot be written: " + DataFolder.reason(e), e);
        }
    }

    /** A mark that cannot be read counts: that stops a server too much, not one too few. */
    boolean names(String postmaster) {
        try {
            return Files.readString(file).equals(postmaster + "\n");
        } catch (NoSuchFileException neverAsked) {
            return false;
        } catch (IOException e) {
            LOG.warn("cannot read {}; PostgreSQL counts as asked to promote", file, e);
            return true;
        }
    }
}
