package org.pgregent.core.sim;

import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * What a seed draws before anything happens: a legal configuration, and which kinds of misfortune befall it. Few kinds at a
 * time find more than all kinds always, since one fault often hides another.
 *
 * @param slack by how much the store ends leases early
 * @param resumesLeases a restarted agent gets its old lease back, as a ZooKeeper client may
 * @param rewinds pg_rewind may be used; else diverged folders are removed, as the configuration then asks
 */
record Setup(
        long seed,
        int nodes,
        Duration ttl,
        Duration loopWait,
        Duration retryTimeout,
        Duration slack,
        boolean resumesLeases,
        boolean rewinds,
        Set<Fault> faults,
        Duration meanGap,
        boolean faultsFromStart) {

    private static final Set<Fault> HARMLESS =
            EnumSet.of(Fault.CLEAN_RESTART, Fault.CLOCK_JUMP, Fault.STORE_ELECTION, Fault.HAND_OVER);

    private static final int[][] TIMES = {{30, 10, 10}, {20, 5, 5}, {20, 1, 3}, {25, 2, 5}, {30, 5, 10}, {20, 4, 7}};
    private static final int[] SLACK_MILLIS = {0, 0, 500, 1000, 2000};

    Setup {
        faults = Collections.unmodifiableSet(faults.isEmpty() ? EnumSet.noneOf(Fault.class) : EnumSet.copyOf(faults));
    }

    static Setup draw(long seed, int nodes, Set<Fault> allowed) {
        SplittableRandom chance = new SplittableRandom(seed * 31 + 7);
        int[] times = TIMES[chance.nextInt(TIMES.length)];
        EnumSet<Fault> faults = EnumSet.noneOf(Fault.class);
        boolean quiet = chance.nextInt(12) == 0;
        boolean orderly = chance.nextInt(10) == 0;
        int share = 1 + chance.nextInt(3);
        for (Fault fault : Fault.values()) {
            if (fault == Fault.STORE_WIPED || fault == Fault.TTL_CHANGED) {
                continue;
            }
            if (chance.nextInt(4) < share
                    && allowed.contains(fault)
                    && !quiet
                    && (!orderly || HARMLESS.contains(fault))) {
                faults.add(fault);
            }
        }
        if (orderly && !quiet && allowed.contains(Fault.HAND_OVER)) {
            faults.add(Fault.HAND_OVER);
        }
        // Rare, and drawn beside the others. Never both: nobody can know how long the lease was that a wiped store
        // knew.
        int rare = new SplittableRandom(seed * 37 + 11).nextInt(8);
        Fault drawnBeside = rare == 0 ? Fault.STORE_WIPED : Fault.TTL_CHANGED;
        if (rare < 2 && allowed.contains(drawnBeside) && !quiet && !orderly) {
            faults.add(drawnBeside);
        }
        int drawn = chance.nextInt(4) == 0 ? 5 : 3;
        return new Setup(
                seed,
                nodes > 0 ? nodes : drawn,
                Duration.ofSeconds(times[0]),
                Duration.ofSeconds(times[1]),
                Duration.ofSeconds(times[2]),
                Duration.ofMillis(SLACK_MILLIS[chance.nextInt(SLACK_MILLIS.length)]),
                chance.nextBoolean(),
                chance.nextInt(4) != 0,
                faults,
                Duration.ofSeconds(5 + chance.nextInt(40)),
                chance.nextInt(6) == 0);
    }

    /** Nothing happens to this cluster that loses an acknowledged write, or a leader for long. */
    boolean isOrderly() {
        return HARMLESS.containsAll(faults);
    }

    /** Nothing is ever done to this cluster. */
    boolean isQuiet() {
        return faults.isEmpty();
    }

    /** {@code bootstrap.dcs} of every node. */
    Map<String, Object> dynamicConfiguration() {
        Map<String, Object> postgresql = new LinkedHashMap<>();
        postgresql.put("use_pg_rewind", rewinds);
        postgresql.put("use_slots", true);
        postgresql.put("remove_data_directory_on_diverged_timelines", !rewinds);
        postgresql.put("parameters", new LinkedHashMap<>(Map.of("max_connections", 100)));
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("ttl", (int) ttl.toSeconds());
        all.put("loop_wait", (int) loopWait.toSeconds());
        all.put("retry_timeout", (int) retryTimeout.toSeconds());
        all.put("maximum_lag_on_failover", 1_048_576);
        all.put("check_timeline", true);
        all.put("postgresql", postgresql);
        return all;
    }
}
