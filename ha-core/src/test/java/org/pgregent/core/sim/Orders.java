package org.pgregent.core.sim;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.pgregent.core.sim.Branch.Point;

/** What a person orders with the failover key, sensible or not, and whether it is carried out as it should be. */
final class Orders {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String KEY = SimCluster.BASE + "/failover";
    private static final long SECOND = 1_000_000_000L;

    /** So long all who matter have seen the same, or the judgement is left. */
    private static final long SETTLED = 5 * SECOND;

    /** What pg_control says of a primary, running or not. */
    private static final Set<String> WRITERS = Set.of("in production", "shutting down", "shut down");

    private record Order(Optional<String> leader, Optional<String> candidate, boolean scheduled) {}

    /**
     * @param whole the last write acknowledged before the key was released
     * @param ordered by a person; else the agent came to its end
     */
    private record HandOver(SimNode from, long at, Optional<Point> whole, boolean ordered) {}

    private final SimCluster cluster;
    private final TreeMap<String, Long> named = new TreeMap<>();
    private final TreeMap<String, Long> unwanted = new TreeMap<>();
    private long changedAt = -1000 * SECOND;
    private Optional<HandOver> pending = Optional.empty();
    private int handOvers;
    private int completed;

    Orders(SimCluster cluster) {
        this.cluster = cluster;
    }

    /** How often a key was released by a leader that was ordered to hand over, and how often somebody else was primary after it. */
    int handOvers() {
        return handOvers;
    }

    int completed() {
        return completed;
    }

    private Optional<Order> standing() {
        return cluster.store().text(KEY).flatMap(text -> {
            try {
                ObjectNode json = (ObjectNode) JSON.readTree(text);
                Order order = new Order(
                        Optional.ofNullable(json.get("leader")).map(n -> n.asText()),
                        Optional.ofNullable(json.get("member")).map(n -> n.asText()),
                        json.has("scheduled_at"));
                return order.leader.isEmpty() && order.candidate.isEmpty() ? Optional.empty() : Optional.of(order);
            } catch (JsonProcessingException broken) {
                throw new IllegalStateException("the failover key is not JSON: " + text, broken);
            }
        });
    }

    /** A person's word: this node is to lead whatever others have, or that other one is to lead no more whatever it has. */
    boolean mayPassOver(SimNode node, SimNode other) {
        return named(node) || lately(unwanted, other);
    }

    /** A person named this node; or took that back, and it may be that it has only now come to do it. */
    boolean named(SimNode node) {
        return lately(named, node);
    }

    private boolean lately(Map<String, Long> told, SimNode node) {
        tell();
        return cluster.scheduler().now() - told.getOrDefault(node.name(), -1000 * SECOND)
                < cluster.setup().ttl().toNanos();
    }

    /** What stands now, stands now. */
    private void tell() {
        standing().filter(order -> !order.scheduled()).ifPresent(order -> {
            long now = cluster.scheduler().now();
            order.candidate().ifPresent(name -> named.put(name, now));
            order.leader().ifPresent(name -> unwanted.put(name, now));
        });
    }

    // --- the person ------------------------------------------------------------------------------------------------

    void give(SplittableRandom chance) {
        if (!cluster.ledger().hadLeader()
                || cluster.store().isOut()
                || cluster.store().isElecting()) {
            return;
        }
        Optional<String> leader = cluster.store().holder().map(SimStore.Holder::node);
        if (leader.isEmpty()) {
            withoutLeader(chance);
            return;
        }
        String candidate = other(leader.get(), chance);
        switch (chance.nextInt(10)) {
            case 0 -> write(Optional.empty(), Optional.empty(), Optional.empty());
            case 1 -> write(Optional.of(candidate), Optional.of(leader.get()), Optional.empty());
            case 2 -> write(leader, Optional.of("n9"), Optional.empty());
            case 3, 4 -> write(Optional.empty(), Optional.of(candidate), Optional.empty());
            case 5, 6 -> write(leader, Optional.empty(), Optional.empty());
            case 7 -> {
                long in = chance.nextLong(60 * SECOND);
                String at =
                        cluster.node(leader.get()).clock().wall().plusNanos(in).toString();
                write(leader, Optional.of(candidate), Optional.of(at));
            }
            default -> write(leader, Optional.of(candidate), Optional.empty());
        }
    }

    /** In pause a person looks first whether PostgreSQL of the old leader is really down: nobody else can. */
    private void withoutLeader(SplittableRandom chance) {
        boolean mayRun = cluster.nodes().stream().anyMatch(n -> n.postgres().isPrimaryOrBecoming());
        if (cluster.setup().isOrderly() || cluster.operator().isPaused() && mayRun) {
            return;
        }
        List<SimNode> nodes = cluster.nodes();
        write(
                Optional.empty(),
                Optional.of(nodes.get(chance.nextInt(nodes.size())).name()),
                Optional.empty());
    }

    private String other(String leader, SplittableRandom chance) {
        List<String> others = cluster.nodes().stream()
                .map(SimNode::name)
                .filter(name -> !name.equals(leader))
                .toList();
        return others.get(chance.nextInt(others.size()));
    }

    private void write(Optional<String> leader, Optional<String> candidate, Optional<String> at) {
        ObjectNode json = JSON.createObjectNode();
        leader.ifPresent(name -> json.put("leader", name));
        candidate.ifPresent(name -> json.put("member", name));
        at.ifPresent(time -> json.put("scheduled_at", time));
        cluster.trace().add("person", json.isEmpty() ? "cancels what was ordered" : "orders " + json);
        changed();
        cluster.store().operatorWrites(KEY, json.toString());
        changed();
    }

    // --- what became of it -------------------------------------------------------------------------------------------

    /** The key was, or is about to be, written. */
    void changed() {
        changedAt = cluster.scheduler().now();
        tell();
    }

    /** A leader that was asked to hand over, or to end, has released the key: its successor must have all of it. */
    void released(SimNode old) {
        boolean ends = old.endsAmongOthers();
        boolean wrote = WRITERS.contains(old.postgres().control);
        if (!old.handsOver() && !(ends && wrote)) {
            return;
        }
        handOvers += ends ? 0 : 1;
        Point end = old.postgres().wal;
        boolean down =
                old.postgres().control.equals("shut down") && !old.postgres().acceptsWrites();
        // Whoever ends cannot wait for one among many.
        Optional<Order> order = ends ? Optional.empty() : standing();
        Optional<String> candidate = settled() ? order.flatMap(Order::candidate) : Optional.empty();
        boolean received = cluster.nodes().stream()
                .filter(n -> n != old && candidate.map(n.name()::equals).orElse(true))
                .anyMatch(n -> n.postgres().wal != null && end.isPrefixOf(n.postgres().wal));
        if (!down || !received) {
            cluster.violated(
                    Invariant.HANDS_OVER_ALL,
                    old.name() + " released the leader key " + (ends ? "at its end" : "for " + order) + " at " + end
                            + ", '" + old.postgres().control + "', and no successor has it");
        }
        pending = Optional.of(
                new HandOver(old, cluster.scheduler().now(), cluster.ledger().lastAcknowledged(), !ends));
    }

    /** With the order everything is gone by which its success was to be measured. */
    void storeWiped() {
        pending = Optional.empty();
        changed();
    }

    private boolean settled() {
        return cluster.scheduler().now() - changedAt > SETTLED;
    }

    /** Somebody has the key. If another was named, and was there all the while, this is the wrong one. */
    void taken(SimNode node) {
        Optional<String> candidate = standing().filter(o -> !o.scheduled()).flatMap(Order::candidate);
        boolean inTime = pending.filter(HandOver::ordered)
                .map(p -> age(p) < cluster.setup().ttl().toNanos() - SETTLED)
                .orElse(false);
        boolean quiet =
                cluster.faults().lastNetworkChange() < cluster.scheduler().now() - SETTLED;
        if (!inTime
                || !settled()
                || !quiet
                || candidate.isEmpty()
                || candidate.get().equals(node.name())) {
            return;
        }
        for (SimNode other : cluster.nodes()) {
            PgServer pg = other.postgres();
            boolean there = other.name().equals(candidate.get())
                    && other.upNanos() > SETTLED
                    && pg.isReplica()
                    && cluster.scheduler().now() - pg.startedAt > SETTLED
                    && cluster.replication().reaches(node, other);
            if (there && !pending.get().from().equals(node)) {
                cluster.violated(
                        Invariant.NAMED_LEADS,
                        node.name() + " took the leader key, though " + other.name() + " was named and is there");
            }
        }
    }

    private long age(HandOver handOver) {
        return cluster.scheduler().now() - handOver.at();
    }

    /** For one ttl after the key was released on order whoever leads has all that was acknowledged; else the race decides. */
    void becamePrimary(SimNode node) {
        if (pending.isEmpty()) {
            return;
        }
        HandOver handOver = pending.get();
        pending = Optional.empty();
        if (node != handOver.from() && handOver.ordered()) {
            completed++;
        }
        boolean lost = handOver.whole()
                .map(last -> !last.isPrefixOf(node.postgres().wal))
                .orElse(false);
        if (lost
                && handOver.ordered()
                && !failedOverTo(node)
                && age(handOver) < cluster.setup().ttl().toNanos()) {
            cluster.violated(
                    Invariant.HANDS_OVER_ALL,
                    node.name() + " is primary at " + node.postgres().wal + " after "
                            + handOver.from().name()
                            + " handed over, and the write acknowledged at "
                            + handOver.whole().get() + " is gone");
        }
    }

    /** Another order came meanwhile: this node, whatever it has. It is the one order that may lose something. */
    private boolean failedOverTo(SimNode node) {
        return standing()
                .filter(order -> !order.scheduled() && order.leader().isEmpty())
                .flatMap(Order::candidate)
                .map(node.name()::equals)
                .orElse(false);
    }

    /** Where nothing else goes wrong, a hand-over ends with a leader. */
    void check() {
        boolean late = pending.map(p -> age(p) > cluster.setup().ttl().toNanos() + 60 * SECOND)
                .orElse(false);
        if (late && cluster.setup().isOrderly() && !cluster.operator().isPaused()) {
            cluster.violated(
                    Invariant.HAND_OVER_ENDS,
                    "nobody is primary " + age(pending.get()) / SECOND + " s after "
                            + pending.get().from().name() + " handed over");
        }
    }
}
