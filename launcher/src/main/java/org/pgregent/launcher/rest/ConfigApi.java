package org.pgregent.launcher.rest;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.pgregent.core.cluster.ClusterLayout;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.DynamicConfig;
import org.pgregent.core.model.DynamicPatch;
import org.pgregent.core.model.Settings;
import org.pgregent.core.model.Versioned;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Version;
import org.pgregent.launcher.rest.RestApi.Reply;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes the cluster's configuration in the store. Who may ask, and whether the body is an object at all, is seen to before.
 * Whatever the answer, no node takes over what it cannot use; it says so in its log, and this one says it at once.
 */
public final class ConfigApi {

    private static final Logger LOG = LoggerFactory.getLogger(ConfigApi.class);
    private static final Duration STORE_TIMEOUT = Duration.ofSeconds(3);

    private final Dcs dcs;
    private final ClusterLayout layout;
    private final Duration shortestTtl;
    private final Runnable waker;

    /**
     * @param shortestTtl the least ttl this node accepts
     * @param waker ends the agent's sleep
     */
    public ConfigApi(Dcs dcs, ClusterLayout layout, Duration shortestTtl, Runnable waker) {
        this.dcs = dcs;
        this.layout = layout;
        this.shortestTtl = shortestTtl;
        this.waker = waker;
    }

    /** Lays the change over what is there; never over what somebody else has changed meanwhile. */
    Reply patch(Map<String, Object> change) {
        Optional<Versioned<DynamicConfig>> before;
        try {
            before = read().filter(config -> !config.value().document().isEmpty());
        } catch (DcsException e) {
            return noStore("read", e, 503);
        }
        if (before.isEmpty()) {
            return Reply.text(503, "the cluster has no configuration yet that could be changed");
        }
        DynamicConfig after = DynamicPatch.applied(before.get().value(), change);
        if (after.equals(before.get().value())) {
            return Reply.json(200, after.document());
        }
        try {
            if (!write(after, Expect.at(new Version(before.get().version())))) {
                return Reply.text(409, "the configuration was changed by somebody else meanwhile: look, and try again");
            }
        } catch (DcsException e) {
            return noStore("written", e, 503);
        }
        waker.run();
        tell(after);
        return Reply.json(200, after.document());
    }

    /** Puts the document in place of what is there, whatever that is. */
    Reply put(Map<String, Object> document) {
        DynamicConfig after = new DynamicConfig(document);
        try {
            boolean same = read().map(Versioned::value).equals(Optional.of(after));
            if (!same && write(after, Expect.anything())) {
                tell(after);
            }
        } catch (DcsException e) {
            return noStore("written", e, 502);
        }
        return Reply.json(200, document);
    }

    private Optional<Versioned<DynamicConfig>> read() throws DcsException {
        ClusterView view = layout.parse(dcs.readAll(layout.base(), STORE_TIMEOUT), 0);
        return view.config();
    }

    private boolean write(DynamicConfig config, Expect expect) throws DcsException {
        return dcs.put(
                        layout.config(),
                        layout.renderObject(new LinkedHashMap<>(config.document())),
                        expect,
                        Optional.empty(),
                        STORE_TIMEOUT)
                .written();
    }

    private static Reply noStore(String what, DcsException e, int status) {
        LOG.warn("the cluster's configuration could not be {}: {}", what, e.getMessage());
        return Reply.text(
                status,
                what.equals("read")
                        ? "the store did not answer, nothing was changed: try again"
                        : "the store did not confirm the change, which may have been made: look before trying again");
    }

    private void tell(DynamicConfig written) {
        LOG.info("the cluster's configuration was changed by a request");
        Optional<String> refusal = Settings.refusal(written);
        refusal.ifPresent(
                reason -> LOG.warn("no node will take the cluster's new configuration over, because {}", reason));
        if (refusal.isEmpty()) {
            Settings.from(written, shortestTtl)
                    .warnings()
                    .forEach(warning -> LOG.warn("the cluster's new configuration: {}", warning));
        }
    }
}
