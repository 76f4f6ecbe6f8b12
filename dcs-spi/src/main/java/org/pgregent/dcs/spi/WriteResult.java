package org.pgregent.dcs.spi;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/** How a conditional write ended. */
public sealed interface WriteResult {

    /** It is committed; {@code version} is the new state, or the last one in case of a delete. */
    record Written(Version version) implements WriteResult {
        public Written {
            requireNonNull(version, "version");
        }
    }

    /** The key was not as expected and is untouched; {@code current} is what it was, if it exists and that is known. */
    record Conflict(Optional<Version> current) implements WriteResult {
        public Conflict {
            requireNonNull(current, "current");
        }
    }

    /** The lease given has ended; nothing was written. */
    record LeaseGone() implements WriteResult {}

    default boolean written() {
        return this instanceof Written;
    }
}
