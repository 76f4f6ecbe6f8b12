package org.pgregent.core.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** A node's tags: the known ones interpreted, all of them kept as they were written. */
public record Tags(Map<String, Object> all) {

    public static final Tags NONE = new Tags(Map.of());

    public Tags {
        all = Collections.unmodifiableMap(new LinkedHashMap<>(all));
    }

    /** Given both, the boolean wins over the priority. */
    public boolean noFailover() {
        Optional<Boolean> said = bool("nofailover");
        return said.orElseGet(() -> number("failover_priority").map(p -> p <= 0).orElse(false));
    }

    public long failoverPriority() {
        return noFailover() ? 0 : number("failover_priority").filter(p -> p > 0).orElse(1L);
    }

    public boolean noLoadBalance() {
        return bool("noloadbalance").orElse(false);
    }

    public boolean cloneFrom() {
        return bool("clonefrom").orElse(false);
    }

    public boolean noStream() {
        return bool("nostream").orElse(false);
    }

    public Optional<String> replicateFrom() {
        return Optional.ofNullable(all.get("replicatefrom"))
                .map(Object::toString)
                .filter(s -> !s.isEmpty());
    }

    private Optional<Boolean> bool(String name) {
        return Optional.ofNullable(all.get(name)).flatMap(Conversions::bool);
    }

    private Optional<Long> number(String name) {
        return Optional.ofNullable(all.get(name)).flatMap(value -> Conversions.integer(value, ""));
    }
}
