package org.pgregent.core.sim;

/** The kinds of misfortune. */
enum Fault {
    AGENT_CRASH,
    /** At any port call, most often at those that matter. */
    CRASH_BETWEEN_CALLS,
    POSTGRES_CRASH,
    NODE_CRASH,
    AGENT_FREEZE,
    FREEZE_BETWEEN_CALLS,
    CUT_FROM_STORE,
    CUT_BETWEEN_NODES,
    SLOW_NETWORK,
    STORE_OUTAGE,
    STORE_ELECTION,
    LATE_WRITES,
    SLOW_STOP,
    SLOW_PROMOTE,
    CLOCK_JUMP,
    DISK_FULL,
    GUARD_KILLED,
    PAUSE,
    CLEAN_RESTART,
    /** A person orders a switchover or a failover, sensibly or not, or takes it back. */
    HAND_OVER,
    /** Somebody changes ttl; who leads keeps the lease it has. */
    TTL_CHANGED,
    /** Every key and every lease is gone, as after a restore of nothing. */
    STORE_WIPED,
    /** Agent, PostgreSQL and guard all stand still: no software on the machine helps then, so no guarantee covers it. */
    MACHINE_FREEZE;

    static java.util.Set<Fault> covered() {
        return java.util.EnumSet.complementOf(java.util.EnumSet.of(MACHINE_FREEZE));
    }
}
