package org.pgregent.launcher.plugin;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.spi.WriteResult;

/** A plug-in's connection, each call in its own context; hints come back in ours. */
final class PluginDcs implements Dcs {

    private final Dcs plugin;
    private final PluginContext context;

    PluginDcs(Dcs plugin, PluginContext context) {
        this.plugin = plugin;
        this.context = context;
    }

    @Override
    public DcsSnapshot readAll(String prefix, Duration timeout) throws DcsException {
        return context.call(() -> plugin.readAll(prefix, timeout));
    }

    @Override
    public WriteResult put(String key, byte[] value, Expect expect, Optional<Lease> lease, Duration timeout)
            throws DcsException {
        return context.call(() -> plugin.put(key, value, expect, lease, timeout));
    }

    @Override
    public WriteResult delete(String key, Expect expect, Duration timeout) throws DcsException {
        return context.call(() -> plugin.delete(key, expect, timeout));
    }

    @Override
    public Lease grant(Duration ttl, Duration timeout) throws DcsException {
        return context.call(() -> plugin.grant(ttl, timeout));
    }

    @Override
    public boolean renew(Lease lease, Duration timeout) throws DcsException {
        return context.call(() -> plugin.renew(lease, timeout));
    }

    @Override
    public void revoke(Lease lease, Duration timeout) throws DcsException {
        context.call(() -> {
            plugin.revoke(lease, timeout);
            return true;
        });
    }

    @Override
    public Watch watch(Set<String> keys, Runnable hint) {
        ClassLoader ours = PluginDcs.class.getClassLoader();
        Runnable inOurs = () -> PluginContext.within(ours, () -> {
            hint.run();
            return true;
        });
        Watch watch = context.run(() -> plugin.watch(keys, inOurs));
        return () -> context.run(() -> {
            watch.close();
            return true;
        });
    }

    @Override
    public void close() {
        context.run(() -> {
            plugin.close();
            return true;
        });
    }
}
