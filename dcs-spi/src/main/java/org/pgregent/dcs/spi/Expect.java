package org.pgregent.dcs.spi;

import static java.util.Objects.requireNonNull;

/** What a key must be like for a write to happen. */
public sealed interface Expect {

    /** The key does not exist. */
    record Absent() implements Expect {}

    /**
     * The key is in exactly this state. For keys that do not hang on a lease: one that does may come back with a version it
     * had before, so it is guarded by {@link HeldBy}. The one use on a key with a lease is to move this node's own key from the
     * lease of its former process to the present one; a back end must then compare more than a count that starts anew.
     */
    record At(Version version) implements Expect {
        public At {
            requireNonNull(version, "version");
        }
    }

    /** The key exists and hangs on this lease, and the lease has not ended. */
    record HeldBy(Lease lease) implements Expect {
        public HeldBy {
            requireNonNull(lease, "lease");
        }
    }

    /** No matter what is there. */
    record Anything() implements Expect {}

    static Expect absent() {
        return new Absent();
    }

    static Expect at(Version version) {
        return new At(version);
    }

    static Expect heldBy(Lease lease) {
        return new HeldBy(lease);
    }

    static Expect anything() {
        return new Anything();
    }
}
