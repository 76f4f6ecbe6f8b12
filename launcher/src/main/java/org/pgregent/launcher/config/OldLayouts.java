package org.pgregent.launcher.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Files written for long gone versions of Patroni, brought into today's layout; what stands there in today's form wins. */
public final class OldLayouts {

    private static final List<String> LOGINS = List.of("postgresql", "authentication");

    private OldLayouts() {}

    public static Document replaced(Document document) {
        Document now = document;
        if (now.at(List.of("name")).isEmpty()) {
            now = moved(now, List.of("postgresql", "name"), List.of("name"));
        }
        if (now.at(List.of("exhibitor")).isEmpty()) {
            now = moved(now, List.of("zookeeper", "exhibitor"), List.of("exhibitor"));
        }
        return now.at(LOGINS).isEmpty() ? logins(now) : now;
    }

    private static Document logins(Document document) {
        Document now = document;
        for (String user : List.of("replication", "superuser")) {
            now = moved(now, List.of("postgresql", user), with(LOGINS, user));
        }
        List<String> rewind = List.of("postgresql", "pg_rewind");
        Optional<Object> old = now.at(rewind);
        if (old.isEmpty()) {
            return now;
        }
        if (now.at(with(LOGINS, "superuser")).isEmpty() && old.get() instanceof Map) {
            now = moved(now, rewind, with(LOGINS, "superuser"));
        }
        return now.without(rewind).with(List.of("postgresql", "use_pg_rewind"), true, "postgresql.pg_rewind");
    }

    /** With everything below it, each value keeping its origin. */
    private static Document moved(Document document, List<String> from, List<String> to) {
        Optional<Object> value = document.at(from);
        if (value.isEmpty()) {
            return document;
        }
        Document now = document.without(from);
        if (!(value.get() instanceof Map<?, ?> map)) {
            return now.with(
                    to, value.get(), document.origin(String.join(".", from)).orElse(""));
        }
        for (Map.Entry<String, Object> entry : Document.strings(map).entrySet()) {
            String origin = document.origin(String.join(".", with(from, entry.getKey())))
                    .orElse("");
            now = now.with(with(to, entry.getKey()), entry.getValue(), origin);
        }
        return now;
    }

    private static List<String> with(List<String> path, String name) {
        List<String> longer = new ArrayList<>(path);
        longer.add(name);
        return longer;
    }
}
