package org.pgregent.core.model;

import static java.util.Objects.requireNonNull;

/** What was read, with the store's opaque name for that state of the key, so that a write can be tied to it. */
public record Versioned<T>(T value, String version) {

    public Versioned {
        requireNonNull(value, "value");
        requireNonNull(version, "version");
    }
}
