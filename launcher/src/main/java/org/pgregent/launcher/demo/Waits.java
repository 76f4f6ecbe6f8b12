package org.pgregent.launcher.demo;

import java.io.IOException;
import java.time.Duration;

/** Waits for what other processes do; there is nobody to be woken by, so it looks again and again. */
public final class Waits {

    private static final Duration PAUSE = Duration.ofMillis(25);

    private Waits() {}

    /** Something that becomes true. */
    public interface Condition {
        boolean holds() throws InterruptedException, IOException;
    }

    /** Returns the nanoTime at which it was first seen to hold; fails, with the agents' last words, when it does not in time. */
    public static long until(String what, Duration atMost, LocalCluster cluster, Condition condition)
            throws DemoException, InterruptedException, IOException {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() - deadline > 0) {
                StringBuilder words = new StringBuilder("waited " + atMost.toSeconds() + " s in vain for " + what);
                for (LocalNode node : cluster.nodes()) {
                    words.append("\n--- ").append(node.name()).append(":\n").append(cluster.logTail(node, 15));
                }
                throw new DemoException(words.toString());
            }
            Thread.sleep(PAUSE.toMillis());
        }
        return System.nanoTime();
    }
}
