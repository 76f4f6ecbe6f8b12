package org.pgregent.core.model;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the cluster wants of PostgreSQL's configuration, from the dynamic configuration; the node's own file is merged over it
 * by whoever writes the files.
 *
 * @param parameters GUCs by lower-case name
 * @param dynamic the whole {@code postgresql} section of the dynamic configuration, for what is not a parameter
 * @param hba lines of pg_hba.conf, empty if the configuration does not give any
 */
public record PostgresSettings(SortedMap<String, String> parameters, Map<String, Object> dynamic, List<String> hba) {

    public static final PostgresSettings NONE = new PostgresSettings(new TreeMap<>(), Map.of(), List.of());

    public PostgresSettings {
        parameters = Collections.unmodifiableSortedMap(new TreeMap<>(parameters));
        dynamic = Collections.unmodifiableMap(dynamic);
        hba = List.copyOf(hba);
    }

    /** The same text for the same settings. */
    public String fingerprint() {
        return Integer.toHexString((parameters + "|" + new TreeMap<>(dynamic) + "|" + hba).hashCode());
    }
}
