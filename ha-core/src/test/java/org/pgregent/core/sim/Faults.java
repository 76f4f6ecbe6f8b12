package org.pgregent.core.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.pgregent.core.model.PostgresView.DataDir;

/** Does to the cluster what the seed says, and nothing that the design does not claim to stand. */
final class Faults {

    private static final long SECOND = 1_000_000_000L;
    private final SimCluster cluster;
    private final SplittableRandom chance;
    private final List<Fault> kinds;
    private boolean active;
    private boolean suspended;
    private long lateUntil;
    private long lastNetworkChange;
    private long wipedAt = Long.MIN_VALUE / 2;

    Faults(SimCluster cluster, SplittableRandom chance) {
        this.cluster = cluster;
        this.chance = chance;
        this.kinds = new ArrayList<>(cluster.setup().faults());
    }

    void begin() {
        active = true;
        plan();
    }

    /** No new misfortune; what is broken stays so. */
    void suspend() {
        suspended = true;
    }

    void end() {
        active = false;
    }

    long lastNetworkChange() {
        return lastNetworkChange;
    }

    boolean wipedLately() {
        return cluster.scheduler().now() - wipedAt < cluster.setup().ttl().toNanos();
    }

    private boolean isOn() {
        return active && !suspended;
    }

    private void plan() {
        double gap =
                -Math.log(1 - chance.nextDouble()) * cluster.setup().meanGap().toNanos();
        cluster.scheduler().after(SECOND / 10 + (long) gap, () -> {
            if (active) {
                if (!suspended && !kinds.isEmpty()) {
                    happen(kinds.get(chance.nextInt(kinds.size())));
                    reaction();
                }
                plan();
            }
        });
    }

    /** Whoever sees trouble may think that another leader will help; in pause, when nothing helps itself, all the more. */
    private void reaction() {
        boolean paused = cluster.operator().saysPaused();
        if (kinds.contains(Fault.HAND_OVER) && chance.nextInt(3) <= (paused ? 1 : 0)) {
            cluster.scheduler().after(chance.nextLong(5 * SECOND), () -> {
                if (isOn()) {
                    cluster.orders().give(chance);
                }
            });
        }
    }

    /** How long: mostly seconds, sometimes more than two leases. */
    private long duration() {
        long ttl = cluster.setup().ttl().toNanos();
        return switch (chance.nextInt(4)) {
            case 0 -> chance.nextLong(2 * SECOND);
            case 1 -> chance.nextLong(10 * SECOND);
            default -> chance.nextLong(2 * ttl + ttl / 2);
        };
    }

    private void happen(Fault fault) {
        SimNode node = cluster.nodes().get(chance.nextInt(cluster.nodes().size()));
        SimNode primary = cluster.primary().orElse(node);
        // In pause it is the leader that most depends on.
        boolean primaryToo = chance.nextInt(4) < (cluster.operator().saysPaused() ? 3 : 2);
        SimNode victim = primaryToo ? primary : node;
        long until = cluster.scheduler().now() + duration();
        switch (fault) {
            case AGENT_CRASH -> promoting().ifPresentOrElse(this::crashBriefly, () -> crash(victim));
            case POSTGRES_CRASH -> crashPostgres(victim);
            case NODE_CRASH -> crashMachine(victim, until);
            case AGENT_FREEZE -> freeze(victim, until, "");
            case CUT_FROM_STORE -> cut(victim.index(), cluster.network().store(), victim.name(), "the store", until);
            case CUT_BETWEEN_NODES -> cutNodes(victim, until);
            case SLOW_NETWORK -> slowNetwork(until);
            case STORE_OUTAGE -> outage(until);
            case STORE_ELECTION -> election();
            case LATE_WRITES -> lateWrites(until);
            case SLOW_STOP -> say(victim, "stops of PostgreSQL are slow", () -> victim.postgres().slowUntil = until);
            case SLOW_PROMOTE -> cluster.nodes().forEach(n -> n.postgres().slowPromoteUntil = until);
            case CLOCK_JUMP -> jump(victim);
            case DISK_FULL -> say(victim, "the disk is full", () -> victim.postgres().diskFullUntil = until);
            case GUARD_KILLED -> killGuard(victim);
            case PAUSE -> pause();
            case CLEAN_RESTART -> victim.shutDownAgent();
            case HAND_OVER -> cluster.orders().give(chance);
            case STORE_WIPED -> wipe();
            case TTL_CHANGED -> changeTtl(primary);
            case MACHINE_FREEZE -> say(victim, "the machine stands still", () -> victim.freezeMachine(until));
            case CRASH_BETWEEN_CALLS, FREEZE_BETWEEN_CALLS -> {
                /* these strike at calls */
            }
        }
    }

    private void say(SimNode node, String what, Runnable deed) {
        cluster.trace().add(node.name(), "FAULT " + what);
        deed.run();
    }

    private void crash(SimNode node) {
        if (node.process().isPresent() && node.guard().isSound()) {
            node.crashAgent();
            node.restartLater(java.time.Duration.ofNanos(SECOND + duration()));
        }
    }

    /** Of all moments, the one in which an agent owes most to whoever comes after it. */
    private Optional<SimNode> promoting() {
        return cluster.nodes().stream()
                .filter(n -> n.postgres().promoting && n.process().isPresent())
                .findFirst();
    }

    /** Somebody is asked to become primary: of all moments, the one in which its agent may be missed most. */
    void promotionBegins(SimNode node) {
        if (isOn() && kinds.contains(Fault.AGENT_CRASH) && chance.nextInt(6) == 0) {
            cluster.scheduler().after(chance.nextLong(SECOND), () -> {
                if (isOn() && node.postgres().promoting && node.process().isPresent()) {
                    crashBriefly(node);
                }
            });
        }
    }

    /** Back before the guard's time, which covers it otherwise; at times without the store, so that nobody tells it what it was. */
    private void crashBriefly(SimNode node) {
        if (node.guard().isSound()) {
            node.crashAgent();
            if (chance.nextBoolean()) {
                long until = cluster.scheduler().now() + duration();
                cut(node.index(), cluster.network().store(), node.name(), "the store", until);
            }
            node.restartLater(java.time.Duration.ofNanos(chance.nextLong(3 * SECOND)));
        }
    }

    private void crashPostgres(SimNode node) {
        if (node.postgres().isAlive()) {
            say(node, "PostgreSQL crashes", () -> node.postgres().kill("crashed"));
        }
    }

    private void crashMachine(SimNode node, long until) {
        node.crashMachine();
        cluster.scheduler().at(until + SECOND, node::startAgent);
    }

    private void freeze(SimNode node, long until, String where) {
        node.process().filter(p -> node.guard().isSound()).ifPresent(p -> {
            p.freezeUntil(until);
            cluster.trace()
                    .add(
                            node.name(),
                            "FAULT agent freezes for "
                                    + (until - cluster.scheduler().now()) / 1_000_000 + " ms" + where);
        });
    }

    private void cut(int one, int other, String from, String to, long until) {
        int ways = chance.nextInt(4);
        cluster.trace()
                .add(
                        from,
                        "FAULT cut off from " + to + (ways == 0 ? ", outwards" : ways == 1 ? ", inwards" : "") + " for "
                                + (until - cluster.scheduler().now()) / 1_000_000 + " ms");
        if (ways != 1) {
            cluster.network().cut(one, other, until);
        }
        if (ways != 0) {
            cluster.network().cut(other, one, until);
        }
        networkChanges(until);
    }

    private void networkChanges(long until) {
        lastNetworkChange = Math.max(lastNetworkChange, until);
        cluster.scheduler()
                .at(until + 1, () -> cluster.nodes().forEach(n -> n.dcs().ifPresent(SimDcs::reconnected)));
    }

    private void cutNodes(SimNode victim, long until) {
        boolean all = chance.nextBoolean();
        for (SimNode other : cluster.nodes()) {
            if (other != victim && (all || chance.nextBoolean())) {
                cut(victim.index(), other.index(), victim.name(), other.name(), until);
            }
        }
        if (all && chance.nextBoolean()) {
            cut(victim.index(), cluster.network().store(), victim.name(), "the store", until);
        }
    }

    private void slowNetwork(long until) {
        cluster.trace().add("net", "FAULT slow");
        cluster.network().slow(until);
        networkChanges(until + 3 * SECOND);
    }

    private void outage(long until) {
        cluster.trace()
                .add(
                        "store",
                        "FAULT nobody reaches it for "
                                + (until - cluster.scheduler().now()) / 1_000_000 + " ms");
        cluster.store().beginOutage(until, chance.nextBoolean());
        networkChanges(until);
    }

    private void election() {
        cluster.trace().add("store", "FAULT elects a new leader");
        cluster.store().beginElection(cluster.scheduler().now() + SECOND / 2 + chance.nextLong(8 * SECOND));
    }

    /** At times the agent of the primary dies soon after, and what it remembers is not the ttl of the lease it had. */
    private void changeTtl(SimNode primary) {
        if (cluster.ledger().hadLeader()
                && cluster.operator().changeTtl(20 + chance.nextInt(30))
                && chance.nextBoolean()) {
            cluster.scheduler().after(chance.nextLong(20 * SECOND), () -> {
                if (isOn() && primary.process().isPresent()) {
                    crashBriefly(primary);
                }
            });
        }
    }

    /** Not in pause: it would be gone with the rest, and nobody is promised anything then. */
    private void wipe() {
        // Nor while a folder is empty: started again now, its agent could not know that there ever was a cluster.
        boolean allHaveData = cluster.nodes().stream().allMatch(n -> n.postgres().folder == DataDir.PRESENT);
        if (cluster.ledger().hadLeader() && allHaveData && !cluster.operator().isPaused()) {
            cluster.trace().add("store", "FAULT all its data is gone");
            cluster.store().wipe();
            cluster.ledger().storeWiped();
            wipedAt = cluster.scheduler().now();
        }
    }

    private void lateWrites(long until) {
        cluster.trace().add("net", "FAULT some writes arrive late");
        lateUntil = until;
    }

    private void jump(SimNode node) {
        long by = chance.nextLong(7200 * SECOND) - 3600 * SECOND;
        say(node, "the wall clock jumps by " + by / SECOND + " s", () -> node.clock()
                .setWall(by));
    }

    /**
     * Not with a fault that only the guard stands against: two at once nothing withstands. An agent that has just come up and
     * waits for the store has not taken it over yet.
     */
    private void killGuard(SimNode node) {
        boolean agentWell = node.agentAnswers() && node.hasDecided();
        if (agentWell && node.guard().isAlive() && node.postgres().slowUntil == 0 && !node.postgres().stubborn) {
            say(node, "the guard is killed", node.guard()::end);
        }
    }

    private void pause() {
        if (!cluster.operator().saysPaused() && cluster.ledger().hadLeader()) {
            if (cluster.operator().pause()) {
                cluster.scheduler().after(20 * SECOND + chance.nextLong(100 * SECOND), this::resume);
            }
        }
    }

    private void resume() {
        cluster.operator().resumeCarefully(() -> suspended = false);
    }

    /** A port call begins or ends: here a process may freeze or end, and where it matters it does so more often. */
    void strike(SimNode node, SimProcess process, String call) {
        if (!isOn() || !process.isAlive()) {
            return;
        }
        boolean matters = call.equals("promote")
                || call.equals("start primary")
                || call.endsWith("/leader")
                || call.startsWith("guard: arm")
                || call.equals("renew")
                || call.equals("stop")
                || call.equals("revoke");
        if (call.equals("put /service/sim/initialize")
                && cluster.scheduler().now() - wipedAt < 10 * SECOND
                && node.guard().isSound()
                && chance.nextInt(4) == 0) {
            // Registered, and the key not yet taken: nobody but the guard knows until when this primary may write.
            cluster.trace().add(node.name(), "at: " + call);
            crash(node);
        }
        if (call.equals("put /service/sim/leader")
                && cluster.store().holder().isEmpty()
                && cluster.setup().faults().contains(Fault.FREEZE_BETWEEN_CALLS)
                && chance.nextInt(8) == 0) {
            overtake(node);
        } else if (cluster.setup().faults().contains(Fault.FREEZE_BETWEEN_CALLS)
                && chance.nextInt(matters ? 150 : 4000) == 0) {
            freeze(node, cluster.scheduler().now() + duration(), " at: " + call);
        }
        if (cluster.setup().faults().contains(Fault.CRASH_BETWEEN_CALLS)
                && chance.nextInt(matters ? 300 : 8000) == 0
                && node.guard().isSound()) {
            cluster.trace().add(node.name(), "at: " + call);
            crash(node);
        }
    }

    /** Asleep with the race won and the key not yet taken, while another takes it, leads, and gives it back in good order. */
    private void overtake(SimNode node) {
        long seconds = 4 + chance.nextLong(8);
        freeze(node, cluster.scheduler().now() + seconds * SECOND, " with the race won");
        cluster.scheduler().after((seconds - 2) * SECOND, () -> cluster.primary()
                .filter(other -> other != node && isOn())
                .ifPresent(SimNode::shutDownAgent));
    }

    /** Between the decision and its effect: asleep until D - B has passed and the guard has not begun. */
    void strikeBeforeWritable(SimNode node, SimProcess process) {
        Optional<Long> stopAt = node.guard().stopAtNanos();
        if (isOn()
                && process.isAlive()
                && stopAt.isPresent()
                && cluster.setup().faults().contains(Fault.FREEZE_BETWEEN_CALLS)
                && chance.nextInt(4) == 0) {
            freeze(
                    node,
                    node.clock().trueTime(stopAt.get()) + chance.nextLong(500_000_000L),
                    " between a decision and its effect");
        }
    }

    /** By how much a write is held up on its way: long after its writer gave up, at times. */
    long lateness() {
        if (!isOn() || lateUntil < cluster.scheduler().now() || chance.nextInt(8) != 0) {
            return 0;
        }
        return chance.nextLong(cluster.setup().ttl().toNanos() * 2);
    }

    /** All that is broken works again; agents that are down come back. */
    void healWorld() {
        cluster.trace().add("all", "the network, the store and the machines are healed");
        cluster.network().heal();
        cluster.store().heal();
        lateUntil = 0;
        lastNetworkChange = cluster.scheduler().now();
        cluster.nodes().forEach(SimNode::heal);
        cluster.nodes().forEach(n -> n.dcs().ifPresent(SimDcs::reconnected));
    }
}
