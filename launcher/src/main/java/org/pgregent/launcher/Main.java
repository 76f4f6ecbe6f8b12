package org.pgregent.launcher;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.pgregent.core.agent.Agent;
import org.pgregent.launcher.demo.DemoCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
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
            "Ask a running agent: curl http://10.0.0.1:8008/cluster  and, on its own host, /regent/explain for what it",
            "decided last and why. Started as root, the agent becomes the owner of the data folder, or postgres.",
            "Stop it with SIGTERM: it stops PostgreSQL and hands over, then ends with exit code 0."
        },
        subcommands = {DemoCommand.class, Main.StageCommand.class, WarmUp.class})
public final class Main implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "FILE.yml",
            description = "The node's configuration: a YAML file, or a folder of them.")
    private Path source;

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Main()).execute(arguments));
    }

    @Override
    public Integer call() {
        if (source == null) {
            throw new ParameterException(spec.commandLine(), "no configuration was named");
        }
        return guarded(() -> {
            Map<String, Object> document = ConfigSource.read(source, System.getenv());
            LauncherConfig config = LauncherConfig.parse(document, ProviderCatalog.of(document));
            return AsUser.amRoot() ? runBelow(new Staging(config, document).prepare()) : new Node(config).run();
        });
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
                Map<String, Object> document = ConfigSource.read(source, System.getenv());
                List<String> command =
                        new Staging(LauncherConfig.parse(document, ProviderCatalog.of(document)), document).prepare();
                for (String word : command) {
                    if (word.indexOf('\n') >= 0) {
                        throw new ConfigException(
                                "a path has a line break: " + word.replace('\n', '?') + ": rename it");
                    }
                }
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
