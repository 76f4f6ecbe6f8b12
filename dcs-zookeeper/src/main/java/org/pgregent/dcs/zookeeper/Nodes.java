package org.pgregent.dcs.zookeeper;

import java.util.Optional;
import org.apache.zookeeper.data.Stat;
import org.pgregent.dcs.spi.Version;

/** How ZooKeeper's nodes are read as keys. */
final class Nodes {

    private Nodes() {}

    /** The zxid of its creation is in it, since a node created anew counts its versions from 0 again. */
    static Version version(Stat stat) {
        return new Version(Long.toHexString(stat.getCzxid()) + "." + stat.getVersion());
    }

    static Optional<String> owner(Stat stat) {
        return stat.getEphemeralOwner() == 0 ? Optional.empty() : Optional.of(Session.name(stat.getEphemeralOwner()));
    }

    /** An empty node that has or had nodes below it is there for their sake; an empty one that never had any is an empty value. */
    static boolean isFolder(Stat stat) {
        return stat.getDataLength() == 0 && (stat.getNumChildren() > 0 || stat.getCversion() > 0);
    }

    /** {@code /} for a key at the top. */
    static String parent(String key) {
        int slash = key.lastIndexOf('/');
        return slash == 0 ? "/" : key.substring(0, slash);
    }
}
