package org.pgregent.core.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.pgregent.core.agent.Ports;
import org.pgregent.core.sim.PgServer.State;

/** All of one simulated world. */
final class SimCluster {

    static final String BASE = "/service/sim";
    private static final long MILLI = 1_000_000L;

    private final Setup setup;
    private final Scheduler scheduler = new Scheduler();
    private final SplittableRandom chance;
    private final Trace trace;
    private final SimNetwork network;
    private final SimStore store;
    private final Replication replication = new Replication(this);
    private final Ledger ledger;
    private final Faults faults;
    private final Operator operator;
    private final Orders orders;
    private final SimAgent.Maker maker;
    private final Mutant mutant;
    private final List<SimNode> nodes = new ArrayList<>();
    private final TreeMap<Long, Integer> beginnings = new TreeMap<>();
    private int branches;
    private int systems;

    SimCluster(Setup setup, SimAgent.Maker maker, Mutant mutant, boolean keepTrace) {
        this.setup = setup;
        this.maker = maker;
        this.mutant = mutant;
        SplittableRandom root = new SplittableRandom(setup.seed());
        this.chance = root.split();
        this.trace = new Trace(scheduler, keepTrace);
        this.network = new SimNetwork(scheduler, root.split(), setup.nodes());
        this.store = new SimStore(scheduler, BASE, setup.slack());
        this.ledger = new Ledger(this);
        this.faults = new Faults(this, root.split());
        this.operator = new Operator(this);
        this.orders = new Orders(this);
        for (int i = 0; i < setup.nodes(); i++) {
            nodes.add(new SimNode(this, i));
        }
        store.audit(ledger::landed);
        List<Invariant> invariants = Invariant.all();
        scheduler.afterEach(() -> invariants.forEach(invariant -> invariant.check(this)));
    }

    /** Ends the simulation at the next event. Not thrown here: the agent's code might catch it. */
    void violated(String invariant, String what) {
        scheduler.fail(new Violation(invariant, what));
    }

    Setup setup() {
        return setup;
    }

    Scheduler scheduler() {
        return scheduler;
    }

    SplittableRandom chance() {
        return chance;
    }

    Trace trace() {
        return trace;
    }

    SimNetwork network() {
        return network;
    }

    SimStore store() {
        return store;
    }

    Replication replication() {
        return replication;
    }

    Ledger ledger() {
        return ledger;
    }

    Faults faults() {
        return faults;
    }

    Operator operator() {
        return operator;
    }

    Orders orders() {
        return orders;
    }

    SimAgent.Maker maker() {
        return maker;
    }

    Ports mutated(SimNode node, Ports ports) {
        return mutant.ports().apply(node, ports);
    }

    List<SimNode> nodes() {
        return nodes;
    }

    SimNode node(String name) {
        for (SimNode node : nodes) {
            if (node.name().equals(name)) {
                return node;
            }
        }
        throw new IllegalArgumentException("no node is called '" + name + "'");
    }

    Branch newBranch(long timeline, Branch parent, long start) {
        if (parent == null || parent.timeline() != timeline) {
            beginnings.merge(timeline, 1, Integer::sum);
        }
        return new Branch(++branches, timeline, parent, start);
    }

    String newSystemId() {
        return Long.toString(7_300_000_000_000_000_000L + ++systems);
    }

    /** Agents start within two seconds of each other, and clients try to write from the beginning to the end. */
    void begin() {
        for (SimNode node : nodes) {
            scheduler.after(chance.nextLong(2000 * MILLI), node::startAgent);
        }
        tick();
    }

    private void tick() {
        replication.turn();
        ledger.clientsWrite();
        ledger.remember();
        orders.check();
        scheduler.after(60 * MILLI + chance.nextLong(80 * MILLI), this::tick);
    }

    /** The node that accepts writes, if there is exactly one. */
    Optional<SimNode> primary() {
        Optional<SimNode> found = Optional.empty();
        for (SimNode node : nodes) {
            if (node.postgres().acceptsWrites()) {
                if (found.isPresent()) {
                    return Optional.empty();
                }
                found = Optional.of(node);
            }
        }
        return found;
    }

    /** One primary that holds the leader key, and all others stream, directly or through each other. */
    boolean hasConverged() {
        return missing().isEmpty();
    }

    /**
     * Also the folder of a primary whose timeline's number another began as well, when a replica of its own later brought its
     * line, and not the recorded one, to lead: by the record it looks like the other's, and is left for a person. But only as
     * long as the node says so: one that is merely stuck is none.
     */
    private boolean isTwin(SimNode node, SimNode primary) {
        PgServer pg = node.postgres();
        boolean formerPrimary = pg.state == State.STOPPED && pg.control.equals("shut down") && !pg.standbySignal;
        return pg.wal != null
                && (pg.wal.branch().isTwinOf(primary.postgres().wal.branch())
                        || formerPrimary
                                && node.says("both began timeline")
                                && beginnings.getOrDefault(pg.wal.branch().timeline(), 0) > 1);
    }

    /** How many nodes wait for a person, because their timeline's number was given twice. */
    int twins() {
        return primary()
                .map(p ->
                        (int) nodes.stream().filter(n -> n != p && isTwin(n, p)).count())
                .orElse(0);
    }

    /** What is not yet as it should be; empty when nothing. */
    Optional<String> missing() {
        Optional<SimNode> primary = primary();
        if (primary.isEmpty()) {
            return Optional.of("no node is the one primary; the leader key is held by "
                    + store.holder().map(SimStore.Holder::node).orElse("nobody"));
        }
        if (!store.holder().map(SimStore.Holder::node).equals(primary.map(SimNode::name))) {
            return Optional.of("the primary " + primary.get().name() + " does not hold the leader key");
        }
        for (SimNode node : nodes) {
            if (!node.agentAnswers()) {
                return Optional.of("the agent of " + node.name() + " is not there");
            }
            PgServer pg = node.postgres();
            if (node != primary.get() && !(pg.isReplica() && pg.streaming) && !isTwin(node, primary.get())) {
                return Optional.of(node.name() + " does not stream: " + pg.folder + " " + pg.state
                        + (pg.state == State.RUNNING
                                ? " " + pg.role.map(Object::toString).orElse("")
                                : "")
                        + " '" + pg.control + "' at " + pg.wal + " from "
                        + pg.upstream.map(u -> u.host()).orElse("nobody"));
            }
        }
        return Optional.empty();
    }
}
