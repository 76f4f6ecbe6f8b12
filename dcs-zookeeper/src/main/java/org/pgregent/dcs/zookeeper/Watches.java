package org.pgregent.dcs.zookeeper;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.KeeperException.Code;
import org.pgregent.dcs.spi.Watch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who wants to hear of which keys. The server's watches are set anew on every connection and never taken back: the agent watches
 * the same few keys for life, and an event nobody waits for is dropped here.
 */
final class Watches {

    private static final Logger LOG = LoggerFactory.getLogger(Watches.class);

    private record Registered(Set<String> keys, Runnable hint) {}

    private final Map<Object, Registered> registered = new ConcurrentHashMap<>();

    Watch register(Set<String> keys, Runnable hint) {
        Object name = new Object();
        registered.put(name, new Registered(Set.copyOf(keys), hint));
        return () -> registered.remove(name);
    }

    void clear() {
        registered.clear();
    }

    /** The connection has come, gone or changed: what happened meanwhile is unknown, so everybody gets a hint. */
    void disturbed(Session session) {
        if (session.isConnected()) {
            registered.values().stream()
                    .flatMap(one -> one.keys.stream())
                    .distinct()
                    .forEach(key -> set(session, key));
        }
        registered.values().forEach(one -> one.hint.run());
    }

    void set(Session session, Set<String> keys) {
        keys.forEach(key -> set(session, key));
    }

    private void set(Session session, String key) {
        session.send((client, answer) -> client.watchers()
                        .add()
                        .withMode(AddWatchMode.PERSISTENT)
                        .inBackground(answer)
                        .usingWatcher((org.apache.zookeeper.Watcher) event -> changed(event.getPath()))
                        .forPath(key))
                .whenComplete((event, failure) -> {
                    // A lost connection sets the watches again when it is back.
                    if (failure != null) {
                        LOG.warn("no watch on {}", key, failure);
                    } else if (event.getResultCode() != Code.OK.intValue()
                            && event.getResultCode() != Code.CONNECTIONLOSS.intValue()) {
                        LOG.warn("no watch on {}: {}", key, Code.get(event.getResultCode()));
                    }
                });
    }

    private void changed(String path) {
        registered.values().stream()
                .filter(one -> path == null || one.keys.contains(path))
                .forEach(one -> one.hint.run());
    }
}
