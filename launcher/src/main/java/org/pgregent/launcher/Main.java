package org.pgregent.launcher;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.pgregent.core.agent.Agent;
import org.pgregent.launcher.config.Document;
import org.pgregent.launcher.config.Variables;
import org.pgregent.launcher.demo.DemoCommand;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The program. Exit codes: 0 ended as asked, 1 configuration or any other error, 2 wrong command line. */
@Command(
        name = "regent",
        mixinStandardHelpOptions = true,
        versionProvider = Main.OwnVersion.class,
        sortOptions = false,
        usageHelpWidth = 120,
        description = {
            "Keeps a PostgreSQL cluster available: one agent beside each server, and a consensus store that says who leads.",
            ""
        },
        footer = {
            "",
            "First steps",
            "  regent demo                  a cluster of three on this machine, in a temporary folder; Ctrl-C removes it",
            "  regent demo --kill-primary   the same, and shows what happens when the primary dies",
            "  regent --generate-sample-config node1.yml      a configuration to begin with; then edit it",
            "  regent --validate-config node1.yml             all that is wrong with it, at once",
            "  regent --print-effective-config node1.yml      what holds in the end, and why",
            "  regent node1.yml             an agent for one node",
            "",
            "A configuration (other keys are ignored, so Patroni's own files will do)",
            "  scope: main                          # the cluster",
            "  name: node1                          # this node, unique in the cluster",
            "  restapi:",
            "    listen: 10.0.0.1:8008",
            "  zookeeper:",
            "    hosts: ['10.0.0.7:2181', '10.0.0.8:2181', '10.0.0.9:2181']",
            "  bootstrap:                           # only for making a new cluster",
            "    dcs: {ttl: 30, loop_wait: 10, retry_timeout: 10}",
            "    initdb: [data-checksums, {encoding: UTF8}]",
            "    pg_hba:",
            "    - host replication replicator 10.0.0.0/24 scram-sha-256",
            "    - host all all 10.0.0.0/24 scram-sha-256",
            "  postgresql:",
            "    listen: 10.0.0.1:5432",
            "    connect_address: 10.0.0.1:5432",
            "    data_dir: /var/lib/postgresql/15/main",
            "    authentication:",
            "      superuser: {username: postgres, password: ...}",
            "      replication: {username: replicator, password: ...}",
            "",
            "No ZooKeeper at hand? Let the agents be one (the same on every node, but for the id):",
            "  zookeeper:",
            "    embedded:",
            "      id: 1",
            "      data_dir: /var/lib/postgresql/quorum",
            "      secret: at-least-16-characters",
            "      servers: {1: '10.0.0.1:2888:3888:2181', 2: '10.0.0.2:2888:3888:2181', 3: '10.0.0.3:2888:3888:2181'}",
            "",
            "Only two machines for PostgreSQL? A third agent without it keeps the quorum: no section postgresql, but",
            "  regent: {witness: true}",
            "",
            "Ask a running agent: curl http://10.0.0.1:8008/cluster  and, on its own host, /regent/explain for what it",
            "decided last and why. Started as root, the agent becomes the owner of the data folder, or postgres.",
            "Stop it with SIGTERM: it stops PostgreSQL and hands over, then ends with exit code 0. SIGHUP makes it read its",
            "configuration again; what needs a restart is named in a warning.",
            "",
            "Exit codes: 0 done, 1 configuration or any other error, 2 wrong command line."
        },
        subcommands = {DemoCommand.class, Main.StageCommand.class, WarmUp.class})
public final class Main implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "FILE.yml",
            description =
                    "The node's configuration: a YAML file, or a folder of them. Without it the PATRONI_* variables of"
                            + " the environment are the configuration. With --generate-... the file to write.")
    private Path source;

    @ArgGroup
    private Instead instead = new Instead();

    /** In place of running. */
    static final class Instead {
        @Option(
                names = "--validate-config",
                description =
                        "Tell all that is wrong with the configuration, one a line with key, value, reason and remedy;"
                                + " what may be right elsewhere or later is marked (ignorable). Exit code 1 if there is any.")
        private boolean validate;

        @Option(
                names = "--print-effective-config",
                description = "Print what holds in the end, with where each value came from; secrets stay hidden.")
        private boolean printEffective;

        @Option(names = "--generate-sample-config", description = "Write a configuration to begin with.")
        private boolean generateSample;

        @Option(
                names = "--generate-config",
                description = "Write a configuration for a PostgreSQL that runs already (see --dsn).")
        private boolean generate;
    }

    @Option(
            names = {"-i", "--ignore-listen-port"},
            description = "With --validate-config: do not mind ports that are in use, such as a running agent's.")
    private boolean ignoreListenPort;

    @Option(
            names = {"-p", "--print"},
            description = "With --validate-config: print the configuration as it was read, secrets hidden.")
    private boolean print;

    @Option(
            names = "--dsn",
            paramLabel = "DSN",
            defaultValue = "",
            description = "With --generate-config: where and as which superuser to connect, such as"
                    + " 'host=localhost user=postgres'. The password is asked for, or taken from PGPASSWORD.")
    private String dsn = "";

    @Option(names = "--reread", hidden = true, description = "Where the staged configuration was read from.")
    private Path reread;

    @Option(names = "--reread-variables", hidden = true, description = "The variables it was read with.")
    private Path rereadVariables;

    @Option(names = "--plugins", hidden = true, description = "Where the plug-ins were laid that the file names.")
    private Path plugins;

    private boolean filesAtStart;

    public static void main(String[] arguments) {
        leadJavaLoggingToOurs();
        System.exit(new CommandLine(new Main()).execute(arguments));
    }

    /** gRPC and others log through the JDK, past logback.xml and straight to the console. */
    static void leadJavaLoggingToOurs() {
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
    }

    @Override
    public Integer call() {
        if (instead.generateSample || instead.generate || instead.validate || instead.printEffective) {
            return guarded(this::withConfiguration);
        }
        if (source == null && System.getenv().keySet().stream().noneMatch(name -> name.startsWith(Variables.PREFIX))) {
            throw new ParameterException(spec.commandLine(), "no configuration was named");
        }
        return guarded(() -> {
            filesAtStart = source != null && Files.exists(source);
            Document document = ConfigSource.read(Optional.ofNullable(source), System.getenv());
            Role role = role(document, catalog(document), Optional.ofNullable(source));
            Variables.unknown(System.getenv()).forEach(hint -> System.err.println(hint.line()));
            return AsUser.amRoot()
                    ? runBelow(role.staging().prepare())
                    : role.run().call();
        });
    }

    /** What a configuration makes of this process. */
    private record Role(Staging staging, Callable<Integer> run) {}

    private Role role(Document document, ProviderCatalog catalog, Optional<Path> files) throws ConfigException {
        if (WitnessConfig.isAskedFor(document.values())) {
            WitnessConfig config = WitnessConfig.parse(document, catalog);
            return new Role(
                    new Staging(config.own(), config.dataDir(), config.store(), document, files, System.getenv()),
                    () -> new Witness(config).run());
        }
        LauncherConfig config = LauncherConfig.parse(document, catalog);
        return new Role(
                new Staging(
                        config.own(),
                        config.postgres().folders().dataDir(),
                        config.store(),
                        document,
                        files,
                        System.getenv()),
                () -> new Node(config, catalog, this::again).run());
    }

    private ProviderCatalog catalog(Document document) throws ConfigException {
        return plugins == null ? ProviderCatalog.of(document.values()) : ProviderCatalog.with(Optional.of(plugins));
    }

    /** The files as they are now, under the variables as they were at the start. */
    private Document again() throws ConfigException {
        Map<String, String> variables = rereadVariables == null ? System.getenv() : Staging.variables(rereadVariables);
        // The staged copy stands in for a file that was there.
        Path files = reread == null ? source : reread;
        return files != null && (reread != null || filesAtStart)
                ? ConfigSource.again(files, variables)
                : ConfigSource.read(Optional.ofNullable(files), variables);
    }

    private int withConfiguration() throws ConfigException, IOException {
        ConfigCommands commands =
                new ConfigCommands(Optional.ofNullable(source), System.getenv(), this::catalog, System.out, System.err);
        if (instead.generateSample) {
            return commands.sample();
        }
        if (instead.generate) {
            return commands.generate(dsn);
        }
        return instead.validate ? commands.validate(!ignoreListenPort, print) : commands.printEffective();
    }

    /** Errors of the configuration are for people: their text alone, on standard error. */
    private static int guarded(Callable<Integer> work) {
        try {
            return work.call();
        } catch (ConfigException e) {
            e.problems().forEach(System.err::println);
            return 1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        } catch (FileSystemException e) {
            String reason = e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
            System.err.println(e.getFile() + ": " + reason);
            return 1;
        } catch (IOException e) {
            System.err.println(e.getMessage());
            return 1;
        } catch (Exception e) {
            e.printStackTrace();
            return 1;
        }
    }

    /** The agent as a child of this process, which only passes signals on to it. */
    private static int runBelow(List<String> command) throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(command).inheritIO().directory(Path.of("/").toFile());
        AsUser.stripSecrets(builder.environment());
        Process agent = builder.start();
        for (String signal : List.of("TERM", "INT", "HUP")) {
            Signals.handle(signal, name -> send(name, agent.pid()));
        }
        return agent.waitFor();
    }

    private static void send(String signal, long pid) {
        try {
            new ProcessBuilder("kill", "-" + signal, Long.toString(pid))
                    .inheritIO()
                    .start()
                    .waitFor();
        } catch (IOException e) {
            System.err.println("SIG" + signal + " could not be passed on: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Prints the command an agent started as root goes on as, one word a line, for a shell to execute in its own place. */
    @Command(name = "internal-stage", hidden = true)
    static final class StageCommand implements Callable<Integer> {
        @Parameters(index = "0")
        private Path source;

        @Override
        public Integer call() {
            return guarded(() -> {
                Document document = ConfigSource.read(Optional.of(source), System.getenv());
                List<String> command = new Main()
                        .role(document, ProviderCatalog.of(document.values()), Optional.of(source))
                        .staging()
                        .prepare();
                for (String word : command) {
                    if (word.indexOf('\n') >= 0) {
                        throw new ConfigException(
                                "a path has a line break: " + word.replace('\n', '?') + ": rename it");
                    }
                }
                Variables.unknown(System.getenv()).forEach(hint -> System.err.println(hint.line()));
                command.forEach(System.out::println);
                return 0;
            });
        }
    }

    /** Read when asked for. */
    static final class OwnVersion implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"regent " + Agent.OWN_VERSION};
        }
    }
}
