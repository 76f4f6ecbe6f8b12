package org.pgregent.launcher;

import java.util.List;
import java.util.function.Consumer;
import org.pgregent.launcher.config.ConfigDiff;
import org.pgregent.launcher.config.Document;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the configuration again on a signal. A configuration with anything wrong in it is refused as a whole, and the agent goes
 * on with what it has; so it does with the keys that need a restart, until there is one.
 */
final class Reload {

    private static final Logger LOG = LoggerFactory.getLogger(Reload.class);

    /** Where the configuration is read again from. */
    @FunctionalInterface
    interface Source {
        Document read() throws ConfigException;
    }

    private final Source source;
    private final ProviderCatalog catalog;
    private final Consumer<LauncherConfig> parts;
    private LauncherConfig running;

    /** @param parts gets what is in force from now on, and hands it to whoever can change while running */
    Reload(Source source, ProviderCatalog catalog, LauncherConfig running, Consumer<LauncherConfig> parts) {
        this.source = source;
        this.catalog = catalog;
        this.running = running;
        this.parts = parts;
    }

    /** One at a time; signals may come faster than they are answered. */
    synchronized void run() {
        try {
            Document read = source.read();
            // As it stands in the file: what is wrong with it shall be said now, not after the next restart.
            LauncherConfig.parse(read, catalog);
            ConfigDiff diff = ConfigDiff.between(running.document(), read);
            LauncherConfig next = LauncherConfig.parse(diff.merged(), catalog);
            parts.accept(next);
            running = next;
            tell(diff);
            next.hints(catalog).forEach(LOG::warn);
        } catch (ConfigException e) {
            LOG.error("the configuration was read again and is refused; the one before it stays in force");
            e.problems().forEach(LOG::error);
        }
    }

    private static void tell(ConfigDiff diff) {
        if (diff.isEmpty()) {
            LOG.info("the configuration was read again: nothing changed");
            return;
        }
        tell(diff.now(), "in force now");
        tell(diff.bootstrap(), "looked at only when a cluster is made");
        tell(diff.idle(), "without effect in this version");
        if (!diff.restart().isEmpty()) {
            LOG.warn("changed, but in force only after a restart of this agent: {}", String.join(", ", diff.restart()));
        }
    }

    private static void tell(List<String> keys, String what) {
        if (!keys.isEmpty()) {
            LOG.info("the configuration was read again, {}: {}", what, String.join(", ", keys));
        }
    }
}
