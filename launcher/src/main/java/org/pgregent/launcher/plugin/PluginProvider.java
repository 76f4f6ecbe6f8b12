package org.pgregent.launcher.plugin;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsProvider;

/** A provider from a plug-in. What it says of itself is asked once. */
final class PluginProvider implements DcsProvider {

    private final DcsProvider plugin;
    private final PluginContext context;
    private final String name;
    private final Set<String> sections;
    private final Duration shortestTtl;

    PluginProvider(DcsProvider plugin, PluginContext context) {
        this.plugin = plugin;
        this.context = context;
        this.name = context.run(plugin::name);
        // In its order: the first one is the usual.
        this.sections = Collections.unmodifiableSet(new LinkedHashSet<>(context.run(plugin::sections)));
        this.shortestTtl = context.run(plugin::shortestTtl);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Set<String> sections() {
        return sections;
    }

    @Override
    public Duration shortestTtl() {
        return shortestTtl;
    }

    @Override
    public Dcs connect(DcsConfig config) throws DcsException {
        return new PluginDcs(context.call(() -> plugin.connect(config)), context);
    }

    @Override
    public void check(DcsConfig config) throws DcsException {
        context.call(() -> {
            plugin.check(config);
            return config;
        });
    }

    /** The plug-in's own class, as its author knows it. */
    @Override
    public String toString() {
        return plugin.getClass().getName();
    }
}
