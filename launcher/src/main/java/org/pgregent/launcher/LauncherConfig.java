package org.pgregent.launcher;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.Tags;
import org.pgregent.dcs.spi.DcsProvider;
import org.pgregent.pg.PgConfig;

/**
 * This node's own configuration, read once and whole. Unknown keys are ignored.
 *
 * @param bootstrap {@code bootstrap.dcs}; empty without a {@code bootstrap} section, and then this node never makes a cluster
 */
public record LauncherConfig(
        String scope,
        String namespace,
        NodeName name,
        RestConfig rest,
        PgConfig postgres,
        Tags tags,
        Optional<Map<String, Object>> bootstrap,
        Store store,
        OwnSection own) {

    private static final String RESERVED_NAME = "__patroni_strict_sync_replica_placeholder__";

    /** The section of the store that is used, and whoever answers for it. */
    public record Store(String section, Map<String, Object> settings, DcsProvider provider) {

        /** It may hold passwords. */
        @Override
        public String toString() {
            return section;
        }
    }

    /**
     * @param source a YAML file or a folder of them
     * @throws ConfigException with all that is wrong
     */
    public static LauncherConfig read(Path source, Map<String, String> environment, ProviderCatalog catalog)
            throws ConfigException {
        return parse(ConfigSource.read(source, environment), catalog);
    }

    static LauncherConfig parse(Map<String, Object> document, ProviderCatalog catalog) throws ConfigException {
        List<String> problems = new ArrayList<>();
        Section top = new Section("", document, problems);
        String scope = top.required("scope", "name the cluster, such as main");
        if (scope.indexOf('/') >= 0) {
            top.problem("scope", "has a slash", "leave it out, for the scope is one part of a path");
        }
        Section postgresql = top.section("postgresql");
        NodeName name = name(top, postgresql);
        RestConfig rest = RestConfig.read(top.section("restapi"));
        PostgresSection postgresSection = new PostgresSection(postgresql, problems);
        Optional<Path> dataDir = postgresSection.dataDir();
        Section bootstrap = top.section("bootstrap");
        Path data = dataDir.orElse(Path.of("/data_dir/unknown"));
        OwnSection own = OwnSection.read(top.section("regent"), data);
        Optional<PgConfig> postgres =
                postgresSection.read(scope.isEmpty() ? "-" : scope, name, data, own.stateDir(), bootstrap);
        Optional<Store> store = store(top, catalog, problems);
        store.ifPresent(found -> checkTtl(own.minimumTtl(), found, problems));
        Tags tags = new Tags(top.section("tags").values());
        if (!top.has("postgresql")) {
            // All that is missing in it goes without saying.
            problems.removeIf(problem -> problem.startsWith("postgresql."));
            problems.add("postgresql is not defined: describe this node's PostgreSQL in that section, or set"
                    + " regent.witness to true for a node that has none and only keeps the quorum");
        }
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
        return new LauncherConfig(
                scope,
                top.text("namespace").orElse("/service"),
                name,
                rest,
                postgres.orElseThrow(),
                tags,
                top.has("bootstrap") ? Optional.of(bootstrap.section("dcs").values()) : Optional.empty(),
                store.orElseThrow(),
                own);
    }

    static NodeName name(Section top, Section postgresql) {
        Section holder = top.has("name") || !postgresql.has("name") ? top : postgresql;
        String name = holder.required("name", "give this node a name that no other member of the cluster has");
        if (name.equals(RESERVED_NAME)) {
            holder.problem("name", "is reserved", "choose another one");
        }
        if (name.indexOf('/') >= 0) {
            holder.problem("name", "has a slash", "leave it out, for the name is one part of a path");
        }
        return new NodeName(name.isEmpty() || name.indexOf('/') >= 0 ? "-" : name);
    }

    static Optional<Store> store(Section top, ProviderCatalog catalog, List<String> problems) {
        for (String section : catalog.sections()) {
            if (top.values().get(section) instanceof Map<?, ?> map && !map.isEmpty()) {
                Map<String, Object> settings = new LinkedHashMap<>();
                map.forEach((key, value) -> {
                    if (value != null) {
                        settings.put(String.valueOf(key), value);
                    }
                });
                return Optional.of(new Store(
                        section,
                        Collections.unmodifiableMap(settings),
                        catalog.forSection(section).orElseThrow()));
            }
        }
        problems.add("no section of a consensus store is there: add one of " + String.join(", ", catalog.sections()));
        return Optional.empty();
    }

    private static void checkTtl(Duration minimum, Store store, List<String> problems) {
        Duration least = store.provider().shortestTtl();
        if (minimum.compareTo(least) < 0) {
            problems.add("regent.minimum_ttl '" + minimum.toSeconds() + "' is below what " + store.section()
                    + " can keep reliably: set at least " + least.toSeconds());
        }
    }

    /** Where the cluster's keys are in the store. */
    public String basePath() {
        return ("/" + namespace + "/" + scope).replaceAll("/+", "/");
    }

    /** Published as {@code conn_url}. */
    public String connUrl() {
        PgConfig.HostPort at = postgres.network().connect();
        return "postgres://" + new Address(at.host(), at.port()) + "/" + postgres.database();
    }
}
