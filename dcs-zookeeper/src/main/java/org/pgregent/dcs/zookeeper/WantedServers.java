package org.pgregent.dcs.zookeeper;

import java.util.Arrays;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The list of servers an operator wants, with the version the operator gave it.
 *
 * @param nodeVersion ZooKeeper's version of the node it was read from; -1 if it was not read from there
 */
record WantedServers(long version, SortedSet<Integer> ids, int nodeVersion) {

    WantedServers {
        ids = Collections.unmodifiableSortedSet(new TreeSet<>(ids));
    }

    static WantedServers configured(EmbeddedSettings settings) {
        return new WantedServers(
                settings.serversVersion(), new TreeSet<>(settings.servers().keySet()), -1);
    }

    static WantedServers parse(String text, int nodeVersion) {
        String[] words = text.trim().split(" ");
        return new WantedServers(
                Long.parseLong(words[0]),
                Arrays.stream(words[1].split(",")).map(Integer::valueOf).collect(Collectors.toCollection(TreeSet::new)),
                nodeVersion);
    }

    String text() {
        return version + " " + ids.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    boolean isSameAs(WantedServers other) {
        return version == other.version && ids.equals(other.ids);
    }

    /** How many servers one of the lists has and the other has not. */
    int differenceTo(WantedServers other) {
        SortedSet<Integer> all = new TreeSet<>(ids);
        all.addAll(other.ids);
        SortedSet<Integer> both = new TreeSet<>(ids);
        both.retainAll(other.ids);
        return all.size() - both.size();
    }

    @Override
    public String toString() {
        return ids + " (version " + version + ")";
    }
}
