package org.pgregent.core.sim;

import java.util.SplittableRandom;

/** What every simulated port shares: a call is a moment at which the process may be frozen or end. */
abstract class SimPort {

    final SimCluster cluster;
    final SimNode node;
    final SimProcess process;
    final Scheduler scheduler;
    final SplittableRandom chance;

    SimPort(SimNode node, SimProcess process) {
        this.cluster = node.cluster();
        this.node = node;
        this.process = process;
        this.scheduler = cluster.scheduler();
        this.chance = cluster.chance();
    }

    /** The beginning of a call: some time passes, and sometimes much. Returns the calling thread. */
    SimThread enter(String call, long nanosMax) {
        requireAlive();
        SimThread thread = scheduler.current();
        cluster.faults().strike(node, process, call);
        thread.sleep(1 + (nanosMax > 1 ? chance.nextLong(nanosMax) : 0));
        return thread;
    }

    /** The same right after the effect and before the caller learns of it. */
    void leave(SimThread thread, String call) {
        cluster.faults().strike(node, process, call);
        thread.sleep(1);
    }

    void requireAlive() {
        if (!process.isAlive()) {
            throw new SimCrash();
        }
    }
}
