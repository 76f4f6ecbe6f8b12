package org.pgregent.core.sim;

import java.util.SplittableRandom;

/** Who reaches whom, one direction at a time, and how long a message takes. The last place is the store's. */
final class SimNetwork {

    private final Scheduler scheduler;
    private final SplittableRandom chance;
    private final long[][] cutUntil;
    private final int store;
    private long slowUntil;

    SimNetwork(Scheduler scheduler, SplittableRandom chance, int nodes) {
        this.scheduler = scheduler;
        this.chance = chance;
        this.store = nodes;
        this.cutUntil = new long[nodes + 1][nodes + 1];
    }

    int store() {
        return store;
    }

    void cut(int from, int to, long until) {
        cutUntil[from][to] = Math.max(cutUntil[from][to], until);
    }

    void slow(long until) {
        slowUntil = until;
    }

    void heal() {
        slowUntil = 0;
        for (long[] row : cutUntil) {
            java.util.Arrays.fill(row, 0);
        }
    }

    boolean open(int from, int to) {
        return from == to || cutUntil[from][to] <= scheduler.now();
    }

    boolean openBothWays(int one, int other) {
        return open(one, other) && open(other, one);
    }

    boolean anyCut() {
        for (long[] row : cutUntil) {
            for (long until : row) {
                if (until > scheduler.now()) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Mostly a millisecond or so; in a bad hour up to some seconds. */
    long latency() {
        if (slowUntil > scheduler.now() && chance.nextInt(3) == 0) {
            return chance.nextLong(3_000_000_000L);
        }
        return chance.nextInt(50) == 0 ? chance.nextLong(80_000_000L) : 200_000L + chance.nextLong(2_000_000L);
    }
}
