package org.pgregent.launcher.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Starts the cluster and shows it until it is interrupted. */
final class Demo {

    private static final Duration START = Duration.ofSeconds(120);
    private static final int WIDTH = 132;
    private static final String CLEAR = "\033[H\033[2J";

    private final LocalCluster cluster;
    private final AgentClient client;
    private final PrintStream out;
    private final boolean terminal;
    private List<String> shown = List.of();

    Demo(LocalCluster cluster, PrintStream out) {
        this.cluster = cluster;
        this.client = new AgentClient(cluster);
        this.out = out;
        this.terminal = isTerminal();
    }

    AgentClient client() {
        return client;
    }

    /** Standard output goes to somebody's screen. */
    private static boolean isTerminal() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns when there is a leader and all others stream. */
    void start() throws IOException, InterruptedException, DemoException {
        out.println("A cluster of " + cluster.nodes().size() + " in " + cluster.folder()
                + ": starting agents, PostgreSQL and the quorum inside the agents ...");
        cluster.startAll();
        Waits.until("a leader and " + (cluster.nodes().size() - 1) + " streaming replicas", START, cluster, () -> {
            show("starting");
            return isWhole();
        });
        show("up");
    }

    boolean isWhole() throws InterruptedException {
        Optional<Map<String, AgentClient.Member>> members = client.members();
        return members.isPresent()
                && members.get().size() == cluster.nodes().size()
                && members.get().values().stream()
                        .allMatch(m -> m.leads() ? m.state().equals("running") : m.streams())
                && members.get().values().stream().anyMatch(AgentClient.Member::leads);
    }

    /** On a terminal the screen is drawn anew; elsewhere a table is printed when anything but positions has changed. */
    void show(String headline) throws InterruptedException {
        List<DemoTable.Row> rows = rows();
        List<String> table = DemoTable.render(rows, WIDTH);
        List<String> essence = rows.stream()
                .map(row -> row.member() + row.role() + row.state() + row.timeline() + row.because())
                .collect(Collectors.toList());
        if (terminal) {
            out.print(CLEAR);
            out.println("pgregent demo: " + headline);
        } else if (essence.equals(shown)) {
            return;
        } else {
            out.println();
        }
        shown = essence;
        table.forEach(out::println);
        if (terminal) {
            howToConnect();
        }
        out.flush();
    }

    void howToConnect() throws InterruptedException {
        LocalNode node = client.leader().orElse(cluster.nodes().get(0));
        out.println();
        out.println("  Connect to the primary (" + node.name() + "):");
        out.println("    PGPASSFILE=" + cluster.pgpass() + " psql -h 127.0.0.1 -p " + node.postgresPort() + " -U "
                + LocalConfig.SUPERUSER + " postgres");
        out.println("  Ask an agent:      curl -s " + node.url("/cluster") + "  or  " + node.url("/regent/explain"));
        out.println("  Logs:              " + cluster.folder() + "/n*/agent.log");
        out.println(
                "  Break something:   kill -9 the agent or PostgreSQL of a node and watch. Ctrl-C ends and removes all of it.");
    }

    private List<DemoTable.Row> rows() throws InterruptedException {
        Map<String, AgentClient.Member> members = client.members().orElse(Map.of());
        List<DemoTable.Row> rows = new ArrayList<>();
        for (LocalNode node : cluster.nodes()) {
            Optional<String> because = client.because(node);
            AgentClient.Member member = members.get(node.name());
            if (because.isEmpty() && member == null) {
                rows.add(DemoTable.Row.silent(node.name()));
                continue;
            }
            rows.add(new DemoTable.Row(
                    node.name(),
                    member == null ? "-" : member.role(),
                    member == null ? "-" : member.state(),
                    member == null
                            ? "-"
                            : member.timeline().map(Object::toString).orElse("-"),
                    member == null || member.leads()
                            ? ""
                            : member.lag().map(Object::toString).orElse("-"),
                    because.filter(text -> !text.isEmpty()).orElse("its agent does not answer")));
        }
        return rows;
    }
}
