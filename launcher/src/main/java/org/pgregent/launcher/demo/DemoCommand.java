package org.pgregent.launcher.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.pgregent.launcher.Jvm;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A cluster on this machine, to look at. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        usageHelpWidth = 120,
        description = {
            "Makes a cluster of three on this machine: three agents, each with its PostgreSQL and its part of the quorum, in a"
                    + " temporary folder and on free ports. Shows who leads and why, until Ctrl-C removes all of it."
        })
public final class DemoCommand implements Callable<Integer> {

    @Option(
            names = "--kill-primary",
            description = "Kill the primary, show the failover with times, check that no row was lost, and end.")
    private boolean killPrimary;

    @Option(names = "--yes", description = "Install PostgreSQL without asking if its programs are missing.")
    private boolean yes;

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintStream out = System.out;
        if (!PostgresPrograms.areThere() && !PostgresPrograms.offer(yes, out)) {
            return 1;
        }
        LocalCluster cluster;
        try {
            cluster = LocalCluster.create("demo", 3, LocalCluster.Timers.SHORT, Jvm.ownClassPath());
        } catch (IOException e) {
            System.err.println("the demo cannot start: " + e.getMessage());
            return 1;
        }
        // Also on Ctrl-C: then this thread is still somewhere in the middle.
        Runtime.getRuntime().addShutdownHook(new Thread(cluster::close, "cleaning-up"));
        try (cluster) {
            Demo demo = new Demo(cluster, out);
            demo.start();
            if (killPrimary) {
                new FailoverStory(cluster, demo, out).tell();
                out.println();
                out.println("Stopping and removing it all ...");
                return 0;
            }
            demo.howToConnect();
            while (true) {
                Thread.sleep(Duration.ofSeconds(1).toMillis());
                demo.show("running; Ctrl-C ends it");
            }
        } catch (DemoException e) {
            System.err.println(e.getMessage());
            return 1;
        }
    }
}
