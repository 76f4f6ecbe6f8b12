package org.pgregent.dcs.consul;

import com.ecwid.consul.v1.ConsistencyMode;
import com.ecwid.consul.v1.QueryParams;
import com.ecwid.consul.v1.kv.model.GetBinaryValue;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.Version;

/** Our keys as Consul has them: without the first slash, their version is the index of their last write. */
final class Keys {

    private final ConsulHttp http;
    private final ConsulSettings settings;

    Keys(ConsulHttp http, ConsulSettings settings) {
        this.http = http;
        this.settings = settings;
    }

    static String inConsul(String key) {
        return key.startsWith("/") ? key.substring(1) : key;
    }

    static String ours(String key) {
        return "/" + key;
    }

    static Version version(long index) {
        return new Version(Long.toString(index));
    }

    /** As of one moment, not before this call: the servers' leader makes sure with a majority that it is still the leader. */
    DcsSnapshot readAll(String prefix, Deadline deadline) throws DcsException {
        TreeMap<String, DcsSnapshot.Entry> entries = new TreeMap<>();
        for (GetBinaryValue value : read(inConsul(prefix) + "/", deadline)) {
            // What others made as a folder is no key.
            if (!value.getKey().endsWith("/")) {
                entries.put(ours(value.getKey()), entry(value));
            }
        }
        return new DcsSnapshot(entries);
    }

    /** What the key is now, for whoever expected it otherwise. */
    Optional<Version> current(String key, Deadline deadline) throws DcsException {
        return read(inConsul(key), deadline).stream()
                .filter(value -> value.getKey().equals(inConsul(key)))
                .map(value -> version(value.getModifyIndex()))
                .findFirst();
    }

    private List<GetBinaryValue> read(String prefix, Deadline deadline) throws DcsException {
        QueryParams consistent = new QueryParams(settings.datacenter().orElse(null), ConsistencyMode.CONSISTENT);
        @Nullable
        List<GetBinaryValue> values = http.ask(
                        client -> client.getKVBinaryValues(ConsulHttp.encoded(prefix), consistent), deadline)
                .getValue();
        return values == null ? List.of() : values;
    }

    private static DcsSnapshot.Entry entry(GetBinaryValue value) {
        byte[] bytes = value.getValue();
        return new DcsSnapshot.Entry(
                bytes == null ? new byte[0] : bytes,
                version(value.getModifyIndex()),
                Optional.ofNullable(value.getSession()).filter(session -> !session.isEmpty()));
    }
}
