package org.pgregent.launcher;

import java.io.Console;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.pgregent.core.model.DynamicConfig;
import org.pgregent.core.model.Settings;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.launcher.config.Document;
import org.pgregent.launcher.config.EffectiveConfig;
import org.pgregent.launcher.config.HostCheck;
import org.pgregent.launcher.config.Problem;
import org.pgregent.launcher.config.Problem.Severity;
import org.pgregent.launcher.config.SampleConfig;
import org.pgregent.launcher.config.Secrets;
import org.pgregent.launcher.config.Variables;
import org.pgregent.launcher.config.YamlText;

/** What the program does with a configuration beside running by it. Each returns the exit code. */
final class ConfigCommands {

    /** Which stores a configuration may name: it may name a folder of further ones. */
    @FunctionalInterface
    interface Catalogs {
        ProviderCatalog of(Document document) throws ConfigException;
    }

    private final Optional<Path> file;
    private final Map<String, String> environment;
    private final Catalogs catalogs;
    private final PrintStream out;
    private final PrintStream err;

    ConfigCommands(
            Optional<Path> file, Map<String, String> environment, Catalogs catalogs, PrintStream out, PrintStream err) {
        this.file = file;
        this.environment = environment;
        this.catalogs = catalogs;
        this.out = out;
        this.err = err;
    }

    /** All problems at once, one a line on standard error; 1 if there is any that is more than a hint. */
    int validate(boolean listenPorts, boolean print) throws ConfigException {
        Document document = ConfigSource.read(file, environment);
        Map<String, Problem> problems = new LinkedHashMap<>();
        ProviderCatalog catalog = catalog(document, problems);
        boolean witness = WitnessConfig.isAskedFor(document.values());
        (witness ? LauncherConfig.hints(document, catalog) : LauncherConfig.check(document, catalog).stream())
                .forEach(problem -> problems.putIfAbsent(problem.line(), problem));
        try {
            if (witness) {
                WitnessConfig.parse(document, catalog);
            } else {
                LauncherConfig.parse(document, catalog);
            }
        } catch (ConfigException e) {
            // What the closer look says of a key is better than what the schema alone does.
            for (String line : e.problems()) {
                problems.values()
                        .removeIf(known -> known.severity() == Severity.ERROR && line.startsWith(known.path() + " "));
            }
            e.problems().forEach(line -> problems.put(line, new Problem(Severity.ERROR, "", line)));
        }
        store(document, catalog).forEach(problem -> problems.put(problem.line(), problem));
        HostCheck.of(document, listenPorts).forEach(problem -> problems.put(problem.line(), problem));
        Variables.unknown(environment).forEach(problem -> problems.put(problem.line(), problem));
        problems.values().stream()
                .sorted(Comparator.comparing(Problem::severity))
                .forEach(problem -> err.println(problem.marked()));
        if (print) {
            out.print(YamlText.of(Secrets.maskedMap(document.values()), path -> ""));
        }
        return problems.values().stream().allMatch(problem -> problem.severity() == Severity.HINT) ? 0 : 1;
    }

    /** What is wrong with its plug-ins must not hide what is wrong elsewhere. */
    private ProviderCatalog catalog(Document document, Map<String, Problem> problems) throws ConfigException {
        try {
            return catalogs.of(document);
        } catch (ConfigException e) {
            e.problems().forEach(line -> problems.put(line, new Problem(Severity.ERROR, "", line)));
            return catalogs.of(document.without(List.of("regent", "plugins")));
        }
    }

    /** The store's own module knows its section best, whatever else is wrong with the configuration. */
    private static List<Problem> store(Document document, ProviderCatalog catalog) {
        List<String> saidElsewhere = new ArrayList<>();
        Section top = new Section("", document.values(), saidElsewhere);
        Optional<LauncherConfig.Store> found = LauncherConfig.store(top, catalog, saidElsewhere);
        if (found.isEmpty()) {
            return List.of();
        }
        LauncherConfig.Store store = found.get();
        try {
            Path scratch = Files.createTempDirectory("pgregent-validate-");
            try {
                store.provider()
                        .check(new DcsConfig(
                                store.section(), store.settings(), "validate", scratch, Duration.ofSeconds(30)));
                return List.of();
            } catch (DcsException e) {
                return String.valueOf(e.getMessage())
                        .lines()
                        .map(line -> new Problem(Severity.ERROR, store.section(), line))
                        .toList();
            } finally {
                deleteAll(scratch);
            }
        } catch (IOException e) {
            return List.of(new Problem(
                    Severity.IGNORABLE, store.section(), store.section() + " was not tried: " + e.getMessage()));
        }
    }

    private static void deleteAll(Path folder) throws IOException {
        try (var entries = Files.walk(folder)) {
            for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(entry);
            }
        }
    }

    /** Two YAML documents: this node's, and the cluster's as far as it is known here. */
    int printEffective() throws ConfigException {
        Document document = ConfigSource.read(file, environment);
        if (WitnessConfig.isAskedFor(document.values())) {
            WitnessConfig.parse(document, catalogs.of(document));
            out.println("# A witness: it keeps a server of the quorum and has no PostgreSQL.");
            out.print(EffectiveConfig.local(document, Map.of()));
            return 0;
        }
        LauncherConfig config = LauncherConfig.parse(document, catalogs.of(document));
        out.println("# This node: what was written, and the defaults under it. The environment wins over files.");
        out.print(EffectiveConfig.local(document, worked(config)));
        Optional<Map<String, Object>> cached =
                new DynamicConfigFile(config.postgres().folders().dataDir()).load();
        Map<String, Object> dynamic = cached.or(config::bootstrap).orElse(Map.of());
        String origin = cached.isPresent() ? "patroni.dynamic.json" : "bootstrap.dcs";
        out.println("---");
        out.println(
                "# The cluster: as last seen by this node (" + origin + "). While it runs, what the store says wins.");
        Settings settings =
                Settings.from(new DynamicConfig(dynamic), config.own().minimumTtl());
        settings.warnings().forEach(warning -> out.println("# " + warning));
        out.print(EffectiveConfig.dynamic(dynamic, origin));
        return 0;
    }

    private static Map<String, String> worked(LauncherConfig config) {
        Map<String, String> worked = new TreeMap<>();
        worked.put("restapi.connect_address", config.rest().connect().toString());
        var network = config.postgres().network();
        worked.put(
                "postgresql.connect_address",
                new Address(network.connect().host(), network.connect().port()).toString());
        worked.put(
                "postgresql.config_dir", config.postgres().folders().configDir().toString());
        worked.put("postgresql.pgpass", config.postgres().folders().pgpass().toString());
        worked.put("regent.state_dir", config.own().stateDir().toString());
        return worked;
    }

    int sample() throws IOException {
        write(SampleConfig.of(hostName(), ownAddress()));
        return 0;
    }

    /** Asks for a missing password where there is a terminal; where Java takes a pipe for one, it is read from there. */
    @SuppressWarnings("SystemConsoleNull")
    int generate(String dsn) throws ConfigException, IOException {
        Dsn target = Dsn.parse(dsn, environment);
        Console console = System.console();
        if (target.password().isEmpty() && console != null) {
            char[] password = console.readPassword("Please enter the user password:");
            target = password == null || password.length == 0 ? target : target.with(new String(password));
        }
        write(YamlText.of(GeneratedConfig.from(target, hostName(), ownAddress()), path -> ""));
        return 0;
    }

    /** It may hold a password, now or later: nobody else is to read the file. */
    private void write(String text) throws IOException {
        if (file.isEmpty()) {
            out.print(text);
            return;
        }
        Path target = file.get();
        Path draft = Files.createTempFile(
                target.toAbsolutePath().getParent(),
                target.getFileName() + ".",
                ".new",
                PosixFilePermissions.asFileAttribute(Set.copyOf(PosixFilePermissions.fromString("rw-------"))));
        try {
            Files.writeString(draft, text);
            Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "#FIXME";
        }
    }

    private static String ownAddress() {
        try {
            return InetAddress.getLocalHost().getHostAddress();
        } catch (UnknownHostException e) {
            return "#FIXME";
        }
    }
}
