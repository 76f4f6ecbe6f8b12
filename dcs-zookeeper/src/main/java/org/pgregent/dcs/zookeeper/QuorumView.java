package org.pgregent.dcs.zookeeper;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A list of servers as ZooKeeper itself keeps it: in its files and in its node {@code /zookeeper/config}.
 *
 * @param version grows with each change that was agreed on; 0 for a list nobody has agreed on yet
 * @param servers id to address and role, as ZooKeeper writes them
 */
record QuorumView(long version, SortedMap<Integer, String> servers) {

    private static final String SERVER = "server.";
    private static final String VERSION = "version=";

    QuorumView {
        servers = Collections.unmodifiableSortedMap(new TreeMap<>(servers));
    }

    /** The list of the configuration, which nobody has agreed on yet. */
    static QuorumView configured(EmbeddedSettings settings) {
        SortedMap<Integer, String> lines = new TreeMap<>();
        settings.servers().keySet().forEach(id -> lines.put(id, settings.line(id, "participant")));
        return new QuorumView(0, lines);
    }

    static QuorumView parse(String text) {
        long version = 0;
        SortedMap<Integer, String> lines = new TreeMap<>();
        for (String line : text.lines().map(String::trim).toList()) {
            int equals = line.indexOf('=');
            if (line.startsWith(VERSION)) {
                version = Long.parseUnsignedLong(line.substring(VERSION.length()), 16);
            } else if (line.startsWith(SERVER) && equals > 0) {
                // ZooKeeper's own files have the colons of addresses escaped.
                lines.put(
                        Integer.valueOf(line.substring(SERVER.length(), equals)),
                        line.substring(equals + 1).replace("\\", ""));
            }
        }
        return new QuorumView(version, lines);
    }

    boolean contains(int id) {
        return servers.containsKey(id);
    }

    Set<Integer> voters() {
        return servers.entrySet().stream()
                .filter(entry -> !entry.getValue().contains(":observer"))
                .map(Map.Entry::getKey)
                .collect(Collectors.toUnmodifiableSet());
    }

    QuorumView with(int id, String line) {
        SortedMap<Integer, String> more = new TreeMap<>(servers);
        more.put(id, line);
        return new QuorumView(version, more);
    }

    QuorumView without(int id) {
        SortedMap<Integer, String> less = new TreeMap<>(servers);
        less.remove(id);
        return new QuorumView(version, less);
    }

    /**
     * The same servers with the ports for clients as the configuration wants them now. In a list they stand only without TLS, and
     * what was stored may be from before it was turned on or off.
     */
    QuorumView withClientPortsOf(EmbeddedSettings settings) {
        SortedMap<Integer, String> lines = new TreeMap<>();
        servers.forEach((id, line) -> {
            String bare = line.replaceFirst(";.*", "");
            if (settings.tls().isPresent()) {
                lines.put(id, bare);
            } else if (settings.servers().containsKey(id)) {
                lines.put(id, bare + ";" + settings.servers().get(id).client());
            } else {
                lines.put(id, line);
            }
        });
        return new QuorumView(version, lines);
    }

    /** As a file of ZooKeeper's; its version goes into the file's name. */
    String fileText() {
        return servers.entrySet().stream()
                .map(entry -> SERVER + entry.getKey() + "=" + entry.getValue() + "\n")
                .collect(Collectors.joining());
    }
}
