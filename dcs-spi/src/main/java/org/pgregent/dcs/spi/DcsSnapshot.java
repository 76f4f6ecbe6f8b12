package org.pgregent.dcs.spi;

import static java.util.Objects.requireNonNull;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a read returned: absolute keys and their states, in the order of the keys. */
public record DcsSnapshot(SortedMap<String, Entry> entries) {

    /**
     * @param value never changed after construction; do not write into it
     * @param leaseId the id of the lease the key hangs on, if any
     */
    public record Entry(byte[] value, Version version, Optional<String> leaseId) {
        public Entry {
            requireNonNull(value, "value");
            requireNonNull(version, "version");
            requireNonNull(leaseId, "leaseId");
        }

        public String text() {
            return new String(value, StandardCharsets.UTF_8);
        }
    }

    public DcsSnapshot {
        entries = Collections.unmodifiableSortedMap(new TreeMap<>(entries));
    }

    public Optional<Entry> get(String key) {
        return Optional.ofNullable(entries.get(key));
    }
}
