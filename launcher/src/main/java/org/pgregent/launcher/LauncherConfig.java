package org.pgregent.launcher;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.Tags;
import org.pgregent.dcs.spi.DcsProvider;
import org.pgregent.launcher.config.Document;
import org.pgregent.launcher.config.Problem;
import org.pgregent.launcher.config.Schema;
import org.pgregent.launcher.config.SchemaCheck;
import org.pgregent.launcher.config.Variables;
import org.pgregent.pg.PgConfig;

/**
 * This node's own configuration, read once and whole. Unknown keys are ignored, with a hint.
 *
 * @param bootstrap {@code bootstrap.dcs}; empty without a {@code bootstrap} section, and then this node never makes a cluster
 * @param document what all this was read from
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
        OwnSection own,
        Document document) {

    /** Of Patroni's; it takes the first section in the order of the alphabet, and so do we. */
    private static final List<String> FOREIGN_STORES = List.of("exhibitor", "kubernetes", "raft");

    private static final List<String> OVER_THE_CLUSTERS = List.of(
            "use_pg_rewind", "remove_data_directory_on_rewind_failure", "remove_data_directory_on_diverged_timelines");

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
        return parse(ConfigSource.read(Optional.of(source), environment), catalog);
    }

    static LauncherConfig parse(Document document, ProviderCatalog catalog) throws ConfigException {
        List<String> problems = new ArrayList<>();
        Section top = new Section("", document.values(), problems);
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
        for (Problem problem : check(document, catalog)) {
            // What was read more closely above has said it better.
            boolean said = problems.stream().anyMatch(line -> line.startsWith(problem.path() + " "));
            if (problem.severity() == Problem.Severity.ERROR && !said) {
                problems.add(problem.line());
            }
        }
        if (!top.has("postgresql")) {
            // All that is missing in it goes without saying.
            problems.removeIf(problem -> problem.startsWith("postgresql"));
            problems.add("postgresql is not defined: describe this node's PostgreSQL in that section, or set"
                    + " regent.witness to true for a node that has none and only keeps the quorum");
        }
        problems.replaceAll(line -> withVariable(line, document));
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
                top.has("bootstrap") && makesClusters(bootstrap)
                        ? Optional.of(bootstrap.section("dcs").values())
                        : Optional.empty(),
                store.orElseThrow(),
                own,
                document);
    }

    /** What is not wrong, but what somebody should know. */
    List<String> hints(ProviderCatalog catalog) {
        return hints(document, catalog).map(Problem::line).toList();
    }

    static Stream<Problem> hints(Document document, ProviderCatalog catalog) {
        return check(document, catalog).stream().filter(problem -> problem.severity() == Problem.Severity.HINT);
    }

    static List<Problem> check(Document document, ProviderCatalog catalog) {
        Set<String> ofTheirOwn = catalog.sections().stream()
                .filter(section -> Schema.local().keys().stream()
                        .noneMatch(key -> key.path().startsWith(section + ".")))
                .collect(Collectors.toSet());
        return SchemaCheck.of(document, ofTheirOwn);
    }

    /** A person looks for the wrong value in the file first. */
    private static String withVariable(String line, Document document) {
        String path = line.substring(0, Math.max(0, line.indexOf(' ')));
        return document.origin(path)
                .filter(origin -> origin.startsWith(Variables.PREFIX))
                .map(variable -> line + " (it comes from the variable " + variable + ")")
                .orElse(line);
    }

    /** A cluster made without what these would have done would look whole, and not be. */
    private static boolean makesClusters(Section bootstrap) {
        String method = bootstrap.text("method").orElse("initdb");
        boolean custom = bootstrap.section(method).has("command") && !method.equals("initdb");
        return !custom && !bootstrap.has("post_bootstrap") && !bootstrap.has("post_init");
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
        for (String section : Stream.concat(catalog.sections().stream(), FOREIGN_STORES.stream())
                .distinct()
                .sorted()
                .toList()) {
            if (top.values().get(section) instanceof Map<?, ?> map && !map.isEmpty()) {
                if (catalog.forSection(section).isEmpty()) {
                    // Another one in its place would be a second store beside the one the other nodes agree in.
                    problems.add(section + " is a store this program cannot use: move the cluster to one of "
                            + String.join(", ", catalog.sections()) + " first, and leave out the section");
                    return Optional.empty();
                }
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

    /** Own values that win over those of the cluster's section {@code postgresql}, of the keys the rules look at. */
    public Map<String, Object> postgresql() {
        Map<String, Object> own = new LinkedHashMap<>();
        for (String key : OVER_THE_CLUSTERS) {
            document.at(List.of("postgresql", key)).ifPresent(value -> own.put(key, value));
        }
        return own;
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
