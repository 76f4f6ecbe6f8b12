package org.pgregent.dcs.spi;

import static java.util.Objects.requireNonNull;

/**
 * One state of one key. Opaque: only good for being compared for equality and handed back in {@link Expect#at}. Two states
 * of a key that does not hang on a lease never share a version, not even if it was deleted in between.
 */
public record Version(String token) {

    public Version {
        requireNonNull(token, "token");
    }
}
