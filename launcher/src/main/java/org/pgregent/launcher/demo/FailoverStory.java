package org.pgregent.launcher.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Kills the primary and tells what happens, with times. */
final class FailoverStory {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String ROW = "written before the primary died";

    private final LocalCluster cluster;
    private final Demo demo;
    private final PrintStream out;
    private final List<String> phases = new ArrayList<>();
    private long began;

    FailoverStory(LocalCluster cluster, Demo demo, PrintStream out) {
        this.cluster = cluster;
        this.demo = demo;
        this.out = out;
    }

    void tell() throws DemoException, IOException, InterruptedException {
        AgentClient client = demo.client();
        LocalNode old = client.leader().orElseThrow(() -> new DemoException("there is no leader to kill"));
        write(old, "CREATE TABLE notes (at timestamptz DEFAULT clock_timestamp(), text text)");
        write(old, "INSERT INTO notes (text) VALUES ('" + ROW + "')");
        awaitRowOnReplicas(old);
        out.println();
        out.println("A row is written to " + old.name() + " and seen on the others. Now kill -9: the agent of "
                + old.name() + " and every process of its PostgreSQL.");
        began = System.nanoTime();
        cluster.killAgent(old);
        cluster.killPostgres(old);
        phase("dead", began, old.name() + " is gone");
        phase(
                "key gone",
                // Not to be read is not to be gone: the quorum has just lost one of its own.
                wait("the leader key to go", () -> client.members()
                        .map(all -> all.values().stream()
                                .noneMatch(m -> m.leads() && m.name().equals(old.name())))
                        .orElse(false)),
                "its lease ran out");
        LocalNode[] elected = new LocalNode[1];
        phase(
                "elected",
                wait("another leader", () -> {
                    elected[0] =
                            client.leader().filter(node -> !node.equals(old)).orElse(null);
                    return elected[0] != null;
                }),
                elected(elected));
        LocalNode primary = elected[0];
        phase("promoted", wait("a promotion", () -> isPrimary(primary)), primary.name() + " is out of recovery");
        phase("first write", wait("a write", () -> tryWrite(primary)), "a row was committed on " + primary.name());
        requireRow(primary);
        demo.show("after the failover");
        out.println();
        out.println("The row written before is there on " + primary.name() + ". Starting the agent of " + old.name()
                + " again.");
        long again = System.nanoTime();
        cluster.start(old);
        long rejoined = wait("the old primary to stream", demo::isWhole);
        phase(
                "rejoined",
                rejoined,
                String.format(
                        Locale.ROOT,
                        "%s follows %s and streams, %.2f s after its agent was started",
                        old.name(),
                        primary.name(),
                        (rejoined - again) / 1e9));
        demo.show("whole again");
        out.println();
        out.println("Seconds since the kill");
        phases.forEach(out::println);
        out.flush();
    }

    private static String elected(LocalNode[] node) {
        return node[0] == null ? "nobody" : node[0].name() + " holds the key";
    }

    private long wait(String what, Waits.Condition condition) throws DemoException, IOException, InterruptedException {
        return Waits.until(what, PATIENCE, cluster, condition);
    }

    private void phase(String name, long at, String text) {
        String line = String.format(Locale.ROOT, "  %6.2f  %-12s %s", (at - began) / 1e9, name, text);
        phases.add(line);
        out.println(line);
        out.flush();
    }

    private void awaitRowOnReplicas(LocalNode primary) throws DemoException, IOException, InterruptedException {
        for (LocalNode node : cluster.nodes()) {
            if (!node.equals(primary)) {
                wait("the row on " + node.name(), () -> hasRow(node));
            }
        }
    }

    private void requireRow(LocalNode node) throws DemoException {
        if (!hasRow(node)) {
            throw new DemoException("the row written before the primary died is not on " + node.name());
        }
    }

    private boolean hasRow(LocalNode node) {
        return ask(node, "SELECT EXISTS (SELECT FROM notes WHERE text = '" + ROW + "')");
    }

    private boolean isPrimary(LocalNode node) {
        return ask(node, "SELECT NOT pg_is_in_recovery()");
    }

    /** No answer is a no. */
    private boolean ask(LocalNode node, String question) {
        try (Connection connection = demo.client().connect(node);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(question)) {
            return rows.next() && rows.getBoolean(1);
        } catch (SQLException noAnswer) {
            return false;
        }
    }

    private boolean tryWrite(LocalNode node) {
        try {
            write(node, "INSERT INTO notes (text) VALUES ('written after the failover')");
            return true;
        } catch (DemoException notYet) {
            return false;
        }
    }

    private void write(LocalNode node, String sql) throws DemoException {
        try (Connection connection = demo.client().connect(node);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new DemoException("could not write to " + node.name() + ": " + e.getMessage());
        }
    }
}
