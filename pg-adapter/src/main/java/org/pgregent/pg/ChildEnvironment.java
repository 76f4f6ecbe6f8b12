package org.pgregent.pg;

import java.util.Map;

/** What of the agent's environment is none of its programs' business: the configuration's variables may hold passwords. */
final class ChildEnvironment {

    private ChildEnvironment() {}

    /** Changes the map. */
    static void clean(Map<String, String> environment) {
        environment
                .keySet()
                .removeIf(name -> name.startsWith("PATRONI_")
                        || name.startsWith("KUBERNETES_")
                        // Whoever has this could report to systemd in the agent's name.
                        || name.equals("NOTIFY_SOCKET"));
    }

    /** The same for the server itself, whose use of malloc's arenas can be set apart from the agent's. */
    static void cleanForServer(Map<String, String> environment) {
        clean(environment);
        String arenas = environment.remove("PG_MALLOC_ARENA_MAX");
        if (arenas != null && !arenas.isBlank()) {
            environment.put("MALLOC_ARENA_MAX", arenas);
        }
    }
}
