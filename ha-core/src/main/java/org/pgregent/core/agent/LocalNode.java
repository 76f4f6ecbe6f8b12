package org.pgregent.core.agent;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.Tags;

/**
 * What this node's own configuration says that the agent needs.
 *
 * @param basePath such as {@code /service/main}
 * @param connUrl such as {@code postgres://10.0.0.1:5432/postgres}, published
 * @param apiUrl such as {@code http://10.0.0.1:8008/patroni}, published
 * @param bootstrapConfig {@code bootstrap.dcs}; empty if there is no {@code bootstrap} section, and then this node never
 *     makes a cluster
 * @param cachedConfig the dynamic configuration as last seen before this agent started
 * @param shortestTtl no smaller ttl is used: the contract's 20 s, unless this node's configuration allows less
 * @param postgresql own values that win over those of the cluster's section {@code postgresql}
 */
public record LocalNode(
        String scope,
        NodeName name,
        String basePath,
        String connUrl,
        String apiUrl,
        Tags tags,
        Optional<Map<String, Object>> bootstrapConfig,
        Optional<Map<String, Object>> cachedConfig,
        Duration shortestTtl,
        Map<String, Object> postgresql) {

    /** Without own values that win over the cluster's. */
    public LocalNode(
            String scope,
            NodeName name,
            String basePath,
            String connUrl,
            String apiUrl,
            Tags tags,
            Optional<Map<String, Object>> bootstrapConfig,
            Optional<Map<String, Object>> cachedConfig,
            Duration shortestTtl) {
        this(scope, name, basePath, connUrl, apiUrl, tags, bootstrapConfig, cachedConfig, shortestTtl, Map.of());
    }

    /** The same node with other tags and own values: all that may change while an agent runs. */
    LocalNode with(Tags newTags, Map<String, Object> newPostgresql) {
        return new LocalNode(
                scope,
                name,
                basePath,
                connUrl,
                apiUrl,
                newTags,
                bootstrapConfig,
                cachedConfig,
                shortestTtl,
                newPostgresql);
    }

    public LocalNode {
        requireNonNull(scope, "scope");
        requireNonNull(name, "name");
        requireNonNull(basePath, "basePath");
        requireNonNull(connUrl, "connUrl");
        requireNonNull(apiUrl, "apiUrl");
        requireNonNull(tags, "tags");
        requireNonNull(bootstrapConfig, "bootstrapConfig");
        requireNonNull(cachedConfig, "cachedConfig");
        postgresql = Map.copyOf(postgresql);
    }
}
