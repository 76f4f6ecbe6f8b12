package org.pgregent.launcher.config;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.pgregent.launcher.config.Key.Reload;

/**
 * What a running agent makes of a changed configuration.
 *
 * @param now keys whose new value takes effect at once
 * @param restart keys whose new value waits for a restart of the agent
 * @param bootstrap keys that matter only when a cluster is made
 * @param idle keys that nothing in this version acts on, now or after a restart
 * @param merged the configuration in force from now on: the new one, but for what cannot take effect
 */
public record ConfigDiff(
        List<String> now, List<String> restart, List<String> bootstrap, List<String> idle, Document merged) {

    public ConfigDiff {
        now = List.copyOf(now);
        restart = List.copyOf(restart);
        bootstrap = List.copyOf(bootstrap);
        idle = List.copyOf(idle);
    }

    /** @param running what is in force, not what the file said the last time */
    public static ConfigDiff between(Document running, Document read) {
        List<String> now = new ArrayList<>();
        List<String> restart = new ArrayList<>();
        List<String> bootstrap = new ArrayList<>();
        List<String> idle = new ArrayList<>();
        Document merged = read;
        Set<List<String>> paths = new LinkedHashSet<>(running.leaves());
        paths.addAll(read.leaves());
        for (List<String> path : paths) {
            String dotted = String.join(".", path);
            Optional<Object> before = running.at(path).filter(ConfigDiff::isSomething);
            if (isSame(before, read.at(path).filter(ConfigDiff::isSomething))) {
                continue;
            }
            Optional<Key> key = describing(dotted);
            if (key.map(ConfigDiff::isIdle).orElse(false)) {
                idle.add(dotted);
                continue;
            }
            // The sections of stores nobody here knows need a restart.
            Reload reload = key.map(Key::reload).orElse(Reload.RESTART);
            (reload == Reload.NOW ? now : reload == Reload.RESTART ? restart : bootstrap).add(dotted);
            if (reload != Reload.NOW) {
                merged = before.isPresent()
                        ? merged.without(path)
                                .with(path, before.get(), running.origin(dotted).orElse(""))
                        : merged.without(path);
            }
        }
        return new ConfigDiff(now, restart, bootstrap, idle, merged);
    }

    public boolean isEmpty() {
        return now.isEmpty() && restart.isEmpty() && bootstrap.isEmpty() && idle.isEmpty();
    }

    /** A section without a key is no different from none. */
    private static boolean isSomething(Object value) {
        return !(value instanceof Map<?, ?> map && map.isEmpty());
    }

    /** As the contract compares: 1 is the same as "1". */
    private static boolean isSame(Optional<Object> one, Optional<Object> other) {
        return Objects.equals(one.map(String::valueOf), other.map(String::valueOf));
    }

    /** The key, or the nearest one above it that is described. */
    private static Optional<Key> describing(String path) {
        for (String at = path; !at.isEmpty(); at = at.substring(0, Math.max(0, at.lastIndexOf('.')))) {
            Optional<Key> key = Schema.local().find(at);
            if (key.isPresent()) {
                return key;
            }
        }
        return Optional.empty();
    }

    private static boolean isIdle(Key key) {
        return key.use() == Key.Use.LATER || key.use() == Key.Use.NONE;
    }
}
