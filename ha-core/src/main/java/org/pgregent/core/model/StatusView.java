package org.pgregent.core.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the leader last published about the cluster; {@code fields} in order and with what we do not know. */
public record StatusView(Map<String, Object> fields) {

    public StatusView {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    /** The leader's last WAL position. */
    public Optional<Lsn> optime() {
        return fields.get("optime") instanceof Number n ? Optional.of(new Lsn(n.longValue())) : Optional.empty();
    }

    public Map<String, Lsn> slots() {
        Map<String, Lsn> slots = new LinkedHashMap<>();
        if (fields.get("slots") instanceof Map<?, ?> map) {
            map.forEach((name, lsn) -> {
                if (lsn instanceof Number n) {
                    slots.put(name.toString(), new Lsn(n.longValue()));
                }
            });
        }
        return slots;
    }

    public List<String> retainSlots() {
        List<String> names = new ArrayList<>();
        if (fields.get("retain_slots") instanceof List<?> list) {
            list.forEach(name -> names.add(name.toString()));
        }
        return names;
    }
}
