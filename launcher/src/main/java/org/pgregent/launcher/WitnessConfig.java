package org.pgregent.launcher;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgregent.core.model.NodeName;
import org.pgregent.launcher.config.Document;
import org.pgregent.launcher.config.Problem;

/**
 * The configuration of a node without PostgreSQL: it only carries a server of the quorum, so that two nodes with PostgreSQL are
 * enough. It has to be asked for in so many words, since a section that was forgotten looks just the same.
 *
 * @param dataDir where that server keeps its data
 * @param hints what is not wrong, but what somebody should know
 */
record WitnessConfig(
        String scope,
        NodeName name,
        LauncherConfig.Store store,
        Path dataDir,
        OwnSection own,
        Document document,
        List<String> hints) {

    private static final String EMBEDDED = "embedded";

    static boolean isAskedFor(Map<String, Object> document) throws ConfigException {
        List<String> problems = new ArrayList<>();
        boolean asked = new Section("", document, problems).section("regent").flag("witness", false);
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
        return asked;
    }

    static WitnessConfig parse(Document document, ProviderCatalog catalog) throws ConfigException {
        List<String> problems = new ArrayList<>();
        Section top = new Section("", document.values(), problems);
        Section regent = top.section("regent");
        String scope = top.required("scope", "name the cluster whose quorum this node belongs to, such as main");
        NodeName name = LauncherConfig.name(top, top);
        if (top.has("postgresql")) {
            regent.problem("witness", "stands beside a section postgresql", "remove one of the two");
        }
        Optional<LauncherConfig.Store> store = LauncherConfig.store(top, catalog, problems);
        Optional<Path> dataDir = store.flatMap(found -> {
            Section embedded = top.section(found.section()).section(EMBEDDED);
            if (!found.settings().containsKey(EMBEDDED)) {
                regent.problem(
                        "witness",
                        "wants a server in this agent, and the section " + found.section() + " has none",
                        "add the section " + found.section() + "." + EMBEDDED + ", or run no witness");
                return Optional.empty();
            }
            embedded.required("data_dir", "name a folder for the server's data");
            return embedded.absolutePath("data_dir");
        });
        OwnSection own = OwnSection.read(regent, dataDir.orElse(Path.of("/data_dir/unknown")));
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
        return new WitnessConfig(
                scope,
                name,
                store.orElseThrow(),
                dataDir.orElseThrow(),
                own,
                document,
                LauncherConfig.hints(document, catalog).map(Problem::line).toList());
    }
}
