package org.pgregent.core.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.pgregent.core.model.PostgresView.DataDir;
import org.pgregent.core.sim.Branch.Point;

/** What the clients were told, what landed in the store, who became what: and whether it may have. */
final class Ledger {

    /** Longer than an answer of a peer counts, and the time to act on it. */
    private static final long REMEMBERED_NANOS = 5_000_000_000L;

    private record Seen(long at, String node, Point wal, boolean eligible) {}

    private final SimCluster cluster;
    private final ArrayDeque<List<Seen>> remembered = new ArrayDeque<>();
    private final TreeSet<String> excused = new TreeSet<>();
    private final TreeMap<String, Integer> runs = new TreeMap<>();
    private Optional<String> claimant = Optional.empty();
    private Optional<String> clusterId = Optional.empty();
    private Optional<Point> lastAcknowledged = Optional.empty();
    private boolean hadLeader;
    private boolean settled;
    private int lastRun;
    private int runCount;
    private long timelineMax;
    private long timelineSince;
    private long timelineMaxNanos;
    private long timelineRecorded;
    private long acknowledged;
    private int leaders;

    Ledger(SimCluster cluster) {
        this.cluster = cluster;
    }

    boolean hadLeader() {
        return hadLeader;
    }

    Optional<String> clusterId() {
        return clusterId;
    }

    long acknowledgedCount() {
        return acknowledged;
    }

    /** How often the leader key changed hands. */
    int leaderCount() {
        return leaders;
    }

    Optional<Point> lastAcknowledged() {
        return lastAcknowledged;
    }

    /** From here on, in a cluster without faults, nothing changes any more. */
    void settled() {
        settled = true;
    }

    void excused(SimNode node, boolean is) {
        if (is) {
            excused.add(node.name());
        } else if (!excused.isEmpty()) {
            excused.remove(node.name());
        }
    }

    boolean isExcused(SimNode node) {
        return excused.contains(node.name());
    }

    void clientsWrite() {
        for (SimNode node : cluster.nodes()) {
            PgServer pg = node.postgres();
            if (pg.commit()) {
                acknowledge(node, pg);
            }
        }
    }

    private void acknowledge(SimNode node, PgServer pg) {
        int run = runs.getOrDefault(node.name(), 0);
        if (run < lastRun) {
            cluster.violated(
                    Invariant.NO_OLD_ACKNOWLEDGEMENT,
                    node.name() + " acknowledged a write as primary number " + run + " after number " + lastRun
                            + " had");
        }
        long timeline = pg.wal.branch().timeline();
        checkTimeline(node, timeline);
        lastRun = run;
        timelineMax = timeline;
        lastAcknowledged = Optional.of(pg.wal);
        acknowledged++;
    }

    /**
     * Behind a timeline that the store knew, or that a primary had for as long as a lease: never. A primary that dies within a
     * moment of its promotion, before it could tell anybody its new timeline, cannot be respected by the others; with
     * asynchronous replication its writes are lost, as is known, and its timeline number is given again.
     */
    private void checkTimeline(SimNode node, long timeline) {
        long now = cluster.scheduler().now();
        boolean longKnown = timelineMaxNanos > cluster.setup().ttl().toNanos();
        if (timeline < timelineRecorded || (timeline < timelineMax && longKnown)) {
            cluster.violated(
                    Invariant.TIMELINE_FORWARD,
                    node.name() + " acknowledged a write on timeline " + timeline + " after one on timeline "
                            + timelineMax + ", the store knew " + timelineRecorded);
        }
        if (timeline != timelineMax) {
            timelineSince = now;
        }
        timelineMaxNanos = now - timelineSince;
    }

    void becamePrimary(SimNode node, String how) {
        runs.put(node.name(), ++runCount);
        cluster.orders().becamePrimary(node);
        PgServer pg = node.postgres();
        if (settled && cluster.setup().isQuiet()) {
            cluster.violated(Invariant.QUIET, node.name() + " became primary although nothing had happened");
        }
        if (hadLeader && !clusterId.equals(pg.systemId)) {
            cluster.violated(
                    Invariant.ONE_CLUSTER,
                    node.name() + " " + how + " with system id " + pg.systemId + ", the cluster's is " + clusterId);
        }
        acknowledgeFirst(node, pg);
    }

    /** The very first moment counts too: a client may be waiting. */
    private void acknowledgeFirst(SimNode node, PgServer pg) {
        if (pg.commit()) {
            acknowledge(node, pg);
        }
    }

    /**
     * The very moment at which an agent goes to make PostgreSQL writable: not when it should already be on its way down. The
     * guard would end it in time, but nobody should have to rely on that.
     */
    void aboutToBecomeWritable(SimNode node) {
        Optional<Long> stopAt = node.guard().stopAtNanos();
        if (stopAt.isPresent() && node.clock().monotonicNanos() - stopAt.get() >= 0) {
            cluster.violated(
                    Invariant.NOT_ON_A_LEASE_THAT_IS_OVER,
                    node.name() + " goes to make PostgreSQL writable after D - B");
        }
    }

    void promotionAsked(SimNode node) {
        if (cluster.operator().isPausedForAll() && !cluster.orders().named(node)) {
            cluster.violated(Invariant.PAUSE_PROMOTES_NOBODY, node.name() + " is being promoted in pause");
        }
        passesOver(node);
        long next = node.postgres().nextTimeline();
        if (next <= timelineRecorded) {
            cluster.violated(
                    Invariant.TIMELINE_FORWARD,
                    node.name() + " is being promoted to timeline " + next + ", and the store knows "
                            + timelineRecorded);
        }
    }

    /** What was on record nobody can respect any more: a timeline may be older than one that was seen. */
    void storeWiped() {
        timelineRecorded = 0;
        timelineMax = 0;
        timelineMaxNanos = 0;
        claimant = Optional.empty();
        cluster.orders().storeWiped();
    }

    void postmasterEnded(SimNode node) {
        if (settled && cluster.setup().isQuiet()) {
            cluster.violated(Invariant.QUIET, "PostgreSQL of " + node.name() + " ended although nothing had happened");
        }
    }

    /**
     * The guard is for agents that are gone or asleep. One that is awake for as long as a pass can take has told its primary
     * to stop at D - B.
     */
    void guardHadTo(SimNode node) {
        PgServer pg = node.postgres();
        boolean toldToStop = pg.state == PgServer.State.STOPPING;
        boolean awake = node.upNanos() > cluster.setup().ttl().toNanos();
        if (awake && pg.acceptsWrites() && !toldToStop && !cluster.operator().isPaused()) {
            cluster.violated(
                    Invariant.AGENT_BEFORE_GUARD,
                    "the guard of " + node.name() + " had to stop a primary whose agent was awake");
        }
    }

    /** A data folder is renamed away or deleted. */
    void folderGone(SimNode node, boolean removed) {
        PgServer pg = node.postgres();
        cluster.trace()
                .add(node.name(), "postgres: data folder " + (removed ? "removed" : "set aside") + " at " + pg.wal);
        if (pg.folder == DataDir.PRESENT && removed && cluster.setup().rewinds()) {
            cluster.violated(Invariant.DATA_KEPT, node.name() + " removed its data folder, which nothing asks for");
        }
        if (hadLeader && pg.folder == DataDir.PRESENT && pg.systemId.equals(clusterId)) {
            boolean last = cluster.nodes().stream()
                    .noneMatch(n -> n != node
                            && n.postgres().folder == DataDir.PRESENT
                            && n.postgres().systemId.equals(clusterId));
            if (last || !removed) {
                cluster.violated(
                        Invariant.DATA_KEPT, node.name() + " took away " + (last ? "the last copy" : "data in use"));
            }
        }
    }

    /**
     * A write to one of the leader's keys has landed. Its writer must be the holder; or have been when it sent it, if the
     * write came late and was tied to a state that nobody has changed since, so that no new leader's word is lost.
     */
    void landed(SimStore.Landed write) {
        if (!write.key().equals("status")) {
            cluster.trace()
                    .add(
                            "store",
                            write.writer() + " wrote " + write.key()
                                    + (write.key().equals("config")
                                            ? ""
                                            : "=" + write.value().orElse("(deleted)")));
        }
        Optional<String> author = Optional.of(write.writer());
        boolean holder = write.holder().equals(author);
        boolean lateButTied = write.guarded() && write.holderWhenSent().equals(author);
        boolean allowed =
                switch (write.key()) {
                    case "leader" -> write.before().isEmpty() || holder;
                    case "initialize" -> holder || lateButTied || mayInitialize(write);
                    case "config" ->
                        holder || lateButTied || (write.holder().isEmpty() && !hadLeader && claimant.equals(author));
                    default -> holder || lateButTied;
                };
        if (!allowed) {
            cluster.violated(
                    Invariant.ONLY_THE_HOLDER_WRITES,
                    write.writer() + " wrote " + write.key() + "=" + write.value()
                            + " while the leader key was held by "
                            + write.holder().orElse("nobody"));
        }
        if (write.key().equals("history")) {
            String text = write.value().orElse("");
            int last = text.lastIndexOf('[');
            if (last > 0) {
                timelineRecorded = Math.max(
                        timelineRecorded, Long.parseLong(text.substring(last + 1, text.indexOf(',', last))) + 1);
            }
        }
        if (write.key().equals("failover")) {
            cluster.orders().changed();
        }
        if (write.key().equals("leader")) {
            SimNode writer = cluster.node(write.writer());
            if (write.value().isEmpty()) {
                cluster.orders().released(writer);
            } else if (!holder) {
                cluster.orders().taken(writer);
            }
        }
        if (write.key().equals("initialize")) {
            claimant = write.value().isPresent() ? Optional.of(write.writer()) : Optional.empty();
        }
        if (write.key().equals("leader") && write.value().isPresent() && !holder) {
            leaders++;
            if (!hadLeader) {
                hadLeader = true;
                clusterId = cluster.node(write.writer()).postgres().systemId;
            }
        }
    }

    /**
     * The claimant, or whoever comes first. And a claim nobody works on may be withdrawn by anybody, tied to the claim as seen:
     * its author then loses the race.
     */
    private boolean mayInitialize(SimStore.Landed write) {
        boolean withdrawsClaim =
                write.before().equals(Optional.of("")) && write.value().isEmpty() && write.guarded();
        boolean first = write.before().isEmpty() || claimant.equals(Optional.of(write.writer()));
        return withdrawsClaim || (write.holder().isEmpty() && first);
    }

    void remember() {
        long now = cluster.scheduler().now();
        List<Seen> all = new ArrayList<>(cluster.nodes().size());
        for (SimNode node : cluster.nodes()) {
            PgServer pg = node.postgres();
            all.add(new Seen(now, node.name(), pg.wal, pg.isReplica() && node.agentAnswers()));
        }
        remembered.addLast(all);
        while (now - remembered.peekFirst().get(0).at() > REMEMBERED_NANOS) {
            remembered.removeFirst();
        }
    }

    /**
     * A node is told to promote. Nobody may be passed over who all this while was there to answer, within
     * reach, and further on the same path.
     */
    private void passesOver(SimNode node) {
        PgServer pg = node.postgres();
        long now = cluster.scheduler().now();
        if (!hadLeader
                || pg.wal == null
                || !pg.isReplica()
                || cluster.operator().wasPausedLately()
                // Who is not on record again yet cannot be asked.
                || cluster.faults().wipedLately()
                || remembered.isEmpty()
                || now - remembered.peekFirst().get(0).at() < REMEMBERED_NANOS * 9 / 10
                || cluster.faults().lastNetworkChange() > now - REMEMBERED_NANOS) {
            return;
        }
        for (SimNode other : cluster.nodes()) {
            if (other == node || !cluster.replication().reaches(node, other) || other.upNanos() < REMEMBERED_NANOS) {
                continue;
            }
            Seen then = remembered.peekFirst().get(other.index());
            boolean always =
                    remembered.stream().allMatch(seen -> seen.get(other.index()).eligible());
            if (always
                    && pg.wal.isPrefixOf(then.wal())
                    && pg.wal.lsn() < then.wal().lsn()
                    && !cluster.orders().mayPassOver(node, other)) {
                cluster.violated(
                        Invariant.BEST_CANDIDATE,
                        node.name() + " at " + pg.wal + " is promoted, though " + other.name() + " has been at "
                                + then.wal() + " and within reach for seconds");
            }
        }
    }
}
