package org.pgregent.core.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.pgregent.core.agent.AgentTrials;
import org.pgregent.core.agent.Ports;
import org.pgregent.core.decide.Action;
import org.pgregent.core.decide.Decision;
import org.pgregent.core.decide.Memory.Handover.Phase;
import org.pgregent.core.decide.Rule;
import org.pgregent.core.decide.Situation;
import org.pgregent.core.model.GuardView;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.PeerAnswers.PeerAnswer;
import org.pgregent.core.model.TaskView.Divergence;
import org.pgregent.core.model.Versioned;
import org.pgregent.core.port.Deadman;
import org.pgregent.core.rules.RuleBook;
import org.pgregent.core.sim.Wrappers.OtherDcs;
import org.pgregent.core.sim.Wrappers.OtherDeadman;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.WriteResult;

/** The mistakes, by name. */
final class Mutants {

    private Mutants() {}

    /** All, in the order of the safe inequality: the guard, the lease, the keys, the election, PostgreSQL, the rules. */
    static List<Mutant> all() {
        List<Mutant> all = new ArrayList<>(guard());
        all.addAll(lease());
        all.addAll(keys());
        all.addAll(sight());
        all.addAll(rules());
        all.addAll(orders());
        return all;
    }

    static Optional<Mutant> named(String name) {
        return all().stream().filter(m -> m.name().equals(name)).findFirst();
    }

    static List<String> names() {
        return all().stream().map(Mutant::name).toList();
    }

    private static List<Mutant> guard() {
        return List.of(
                Mutant.ports("guard-not-told", "the acknowledgement of the guard is taken for granted", (node, p) -> {
                    node.guard().believed = true;
                    return Wrappers.with(p, new DeafGuard(p.deadman()));
                }),
                Mutant.world(
                        "guard-waits-for-the-deadline",
                        "the guard begins at D, not at D - G",
                        cluster -> cluster.nodes().forEach(n -> n.guard().waitsForTheDeadline = true)),
                Mutant.world(
                        "guard-dies-with-the-agent", "the guard is no process of its own", cluster -> cluster.nodes()
                                .forEach(n -> n.guard().diesWithTheAgent = true)),
                Mutant.ports(
                        "guard-gets-a-longer-deadline",
                        "the guard is told D + B",
                        (node, p) -> Wrappers.with(p, new OtherDeadman(p.deadman()) {
                            @Override
                            public boolean arm(long deadline, Duration margin, Duration timeout) {
                                return real.arm(deadline + margin.toNanos() * 2, margin, timeout);
                            }

                            @Override
                            public GuardView observe() {
                                GuardView seen = real.observe();
                                return new GuardView(
                                        seen.alive(), seen.deadlineNanos().map(d -> d - 5_000_000_000L));
                            }
                        })));
    }

    private static List<Mutant> lease() {
        return List.of(
                Mutant.ports(
                        "lease-counted-too-late",
                        "the lease is counted from the answer, not from before the request",
                        (node, p) -> Wrappers.with(
                                p,
                                new Wrappers.OtherClock(
                                        p.clock(),
                                        () -> p.clock().monotonicNanos()
                                                + (Wrappers.calledBy("LeaseKeeper", "renew", "granted")
                                                        ? 3_000_000_000L
                                                        : 0)))),
                Mutant.ports(
                        "slack-hidden",
                        "the store may end leases early and does not say so",
                        (node, p) -> Wrappers.with(
                                p, granting(p.dcs(), lease -> new Lease(lease.id(), lease.ttl(), Duration.ZERO)))),
                Mutant.ports(
                        "lease-overstated",
                        "the store grants less than it says",
                        (node, p) -> Wrappers.with(
                                p,
                                granting(
                                        p.dcs(),
                                        lease -> new Lease(
                                                lease.id(), lease.ttl().plusSeconds(5), lease.slack())))),
                Mutant.world(
                        "former-lease-ended",
                        "a restarted agent ends its former lease when it has another ttl than the one wanted now",
                        cluster -> cluster.store().resumesOnlyTheSameTtl = true),
                Mutant.ports(
                        "renewed-without-commit",
                        "a renewal that nobody confirmed counts",
                        (node, p) -> Wrappers.with(p, new OtherDcs(p.dcs()) {
                            @Override
                            public boolean renew(Lease lease, Duration timeout) {
                                try {
                                    return real.renew(lease, timeout);
                                } catch (DcsException unconfirmed) {
                                    return true;
                                }
                            }
                        })),
                Mutant.ports(
                        "leader-key-without-lease",
                        "the leader key does not hang on the lease",
                        (node, p) -> Wrappers.with(p, new OtherDcs(p.dcs()) {
                            @Override
                            public WriteResult put(
                                    String key, byte[] value, Expect expect, Optional<Lease> lease, Duration timeout)
                                    throws DcsException {
                                return real.put(
                                        key,
                                        value,
                                        expect,
                                        key.endsWith("/leader") ? Optional.empty() : lease,
                                        timeout);
                            }
                        })));
    }

    private static List<Mutant> keys() {
        return List.of(
                Mutant.ports(
                        "leader-keys-unguarded",
                        "status, history and config are written whatever is there",
                        (node, p) -> Wrappers.with(
                                p, expecting(p.dcs(), e -> e instanceof Expect.At ? Expect.anything() : e))),
                Mutant.ports(
                        "leader-key-overwritten",
                        "the leader key is taken whoever has it",
                        (node, p) -> Wrappers.with(
                                p, expecting(p.dcs(), e -> e instanceof Expect.Absent ? Expect.anything() : e))),
                Mutant.ports(
                        "released-unseen",
                        "the leader key is deleted whoever has it",
                        (node, p) -> Wrappers.with(
                                p, expecting(p.dcs(), e -> e instanceof Expect.HeldBy ? Expect.anything() : e))),
                Mutant.ports(
                        "reads-the-past",
                        "decides on what the store said ten seconds ago",
                        (node, p) -> Wrappers.with(p, new Past(p))));
    }

    private static List<Mutant> sight() {
        return List.of(
                Mutant.ports(
                        "elects-on-old-answers",
                        "the members' positions are not asked anew",
                        (node, p) -> Wrappers.answering(
                                p,
                                a -> new PeerAnswer(
                                        a.name(),
                                        a.reachable(),
                                        a.writable(),
                                        Optional.of(Lsn.ZERO),
                                        Optional.empty(),
                                        a.tags(),
                                        false))),
                Mutant.world(
                        "seen-stopped-too-early",
                        "PostgreSQL counts as stopped when it was told to",
                        cluster -> cluster.nodes().forEach(n -> n.postgres().looksStoppedTooEarly = true)),
                Mutant.ports(
                        "divergence-overlooked",
                        "every WAL is taken for the leader's",
                        (node, p) -> Wrappers.changing(p, "compareWith", (real, args, call) -> Divergence.NONE)),
                Mutant.ports(
                        "forgets-the-order",
                        "a restarted agent does not know that PostgreSQL was asked to promote",
                        (node, p) -> Wrappers.changing(p, "wasAskedToPromote", (real, args, call) -> false)),
                Mutant.ports(
                        "pause-overlooked",
                        "the agents do not see the pause",
                        (node, p) -> Wrappers.with(p, new WithoutPause(p.dcs()))),
                Mutant.ports(
                        "believes-a-wiped-store",
                        "a store that has lost its data is taken for one in which nobody leads",
                        (node, p) -> Wrappers.with(p, new NeverWiped(p.dcs()))),
                Mutant.ports(
                        "removes-instead-of-rewinding",
                        "a diverged folder is removed unasked",
                        (node, p) -> Wrappers.changing(p, "rewindFrom", (real, args, call) -> {
                            real.removeData();
                            return null;
                        })));
    }

    private static List<Mutant> rules() {
        return List.of(
                Mutant.agent(
                        "never-stops-by-itself",
                        "no rule for a lease that ends",
                        (local, p) -> new RealAgent(AgentTrials.withRules(
                                local,
                                p,
                                without("a primary whose lease is over or about to end stops taking writes")))),
                Mutant.agent(
                        "no-last-look",
                        "lease and guard are not looked at again right before PostgreSQL becomes writable",
                        (local, p) -> new RealAgent(AgentTrials.withoutTheLastMomentCheck(local, p, RuleBook.RULES))),
                Mutant.agent(
                        "hands-over-before-stopping",
                        "the key is released while PostgreSQL takes writes",
                        (local, p) -> new RealAgent(AgentTrials.withRules(
                                local,
                                p,
                                before(Rule.rule(
                                        "release first",
                                        s -> s.node().shutdownRequested() && s.iLead()
                                                ? s.then(
                                                        new Action.ReleaseLeadership(Optional.empty()),
                                                        "released first")
                                                : Optional.empty()))))),
                Mutant.agent(
                        "promotes-without-the-key",
                        "a replica without a leader promotes itself",
                        (local, p) -> new RealAgent(AgentTrials.withoutTheLastMomentCheck(
                                local,
                                p,
                                before(Rule.rule(
                                        "promote",
                                        s -> s.nobodyLeads() && s.postgres().isReplica() && !s.busy()
                                                ? s.start(new Action.Promote(Optional.empty()), "promoting")
                                                : Optional.empty()))))),
                Mutant.agent(
                        "promotes-beside-the-record",
                        "what was true when the race was won is not asked again before the promotion",
                        (local, p) -> new RealAgent(AgentTrials.withRules(
                                local,
                                p,
                                before(Rule.rule(
                                        "promote whatever the record says",
                                        s -> s.iLead()
                                                        && s.postgres().isReplica()
                                                        && s.behindTheClusterTimeline()
                                                        && s.guardCovers()
                                                        && !s.busy()
                                                ? s.start(new Action.Promote(Optional.empty()), "promoting")
                                                : Optional.empty()))))),
                Mutant.agent("demotes-in-fair-weather", "a leader steps back now and then", (local, p) -> {
                    long[] passes = {0};
                    return new RealAgent(AgentTrials.withRules(
                            local,
                            p,
                            before(Rule.rule(
                                    "step back",
                                    s -> s.iLead() && s.postgres().isPrimary() && ++passes[0] % 50 == 0
                                            ? s.start(new Action.StopPostgres(false), "stepping back")
                                            : Optional.empty()))));
                }));
    }

    private static List<Mutant> orders() {
        return List.of(
                Mutant.agent(
                        "hands-over-unconfirmed",
                        "the key is released before the successor has the shutdown checkpoint",
                        (local, p) -> new RealAgent(AgentTrials.withRules(
                                local,
                                p,
                                before(Rule.rule(
                                        "release unconfirmed",
                                        s -> s.isHandingOver(Phase.STOP)
                                                        && s.iLead()
                                                        && !s.node().shutdownRequested()
                                                        && s.postgres().isStopped()
                                                ? handOver(s)
                                                : Optional.empty()))))),
                Mutant.agent(
                        "hands-over-while-stopping",
                        "the key is released as soon as PostgreSQL was told to stop",
                        (local, p) -> new RealAgent(AgentTrials.withRules(
                                local,
                                p,
                                before(Rule.rule(
                                        "release while stopping",
                                        s -> s.isHandingOver(Phase.STOP)
                                                        && s.iLead()
                                                        && !s.node().shutdownRequested()
                                                ? handOver(s)
                                                : Optional.empty()))))),
                Mutant.agent(
                        "ends-unconfirmed",
                        "whoever ends releases the key as soon as PostgreSQL is down",
                        (local, p) -> new RealAgent(AgentTrials.withRules(
                                local,
                                p,
                                before(Rule.rule(
                                        "release at the end",
                                        s -> s.node().shutdownRequested()
                                                        && s.iLead()
                                                        && !s.paused()
                                                        && s.postgres().isStopped()
                                                        && !s.busy()
                                                ? s.then(
                                                        new Action.ReleaseLeadership(Optional.empty()),
                                                        "releasing the leader key at the end")
                                                : Optional.empty()))))),
                Mutant.agent(
                        "ignores-the-candidate",
                        "whoever was named, the race decides",
                        (local, p) -> new RealAgent(AgentTrials.withRules(
                                local, p, without("nobody leads, and a person said who should")))),
                Mutant.agent(
                        "trusts-orders-in-pause",
                        "in pause an order is followed though the former leader may still run",
                        (local, p) -> new RealAgent(AgentTrials.withRules(
                                local,
                                p,
                                before(Rule.rule(
                                        "follow orders",
                                        s -> s.paused()
                                                        && s.isAskedToLead()
                                                        && s.postgres().isReplica()
                                                        && s.leaseHasTime()
                                                        && !s.behindTheClusterTimeline()
                                                        && !s.busy()
                                                ? blindly(s)
                                                : Optional.empty()))))));
    }

    /** Takes the key, and becomes primary, without asking anybody. */
    private static Optional<Decision> blindly(Situation s) {
        if (s.nobodyLeads()) {
            return s.then(new Action.AcquireLeadership(), "following orders");
        }
        return s.iLead() && s.guardCovers()
                ? s.start(new Action.Promote(Optional.empty()), "following orders")
                : Optional.empty();
    }

    private static Optional<Decision> handOver(Situation s) {
        return s.then(
                new Action.HandOver(
                        s.postgres().control().orElseThrow().checkpoint(),
                        s.cluster().status().map(Versioned::version)),
                "releasing the leader key");
    }

    private static List<Rule> without(String sentence) {
        List<Rule> rules = new ArrayList<>(RuleBook.RULES);
        if (!rules.removeIf(rule -> rule.sentence().equals(sentence))) {
            throw new IllegalStateException("the book has no rule '" + sentence + "'");
        }
        return rules;
    }

    private static List<Rule> before(Rule first) {
        List<Rule> rules = new ArrayList<>(RuleBook.RULES);
        rules.add(0, first);
        return rules;
    }

    private static Dcs granting(Dcs dcs, UnaryOperator<Lease> change) {
        return new OtherDcs(dcs) {
            @Override
            public Lease grant(Duration ttl, Duration timeout) throws DcsException {
                return change.apply(real.grant(ttl, timeout));
            }
        };
    }

    private static Dcs expecting(Dcs dcs, UnaryOperator<Expect> change) {
        return new OtherDcs(dcs) {
            @Override
            public WriteResult put(String key, byte[] value, Expect expect, Optional<Lease> lease, Duration timeout)
                    throws DcsException {
                return real.put(key, value, change.apply(expect), lease, timeout);
            }

            @Override
            public WriteResult delete(String key, Expect expect, Duration timeout) throws DcsException {
                return real.delete(key, change.apply(expect), timeout);
            }
        };
    }

    /** Says yes and tells the guard nothing. */
    private static final class DeafGuard extends OtherDeadman {
        private Optional<Long> told = Optional.empty();

        DeafGuard(Deadman real) {
            super(real);
        }

        @Override
        public GuardView observe() {
            return new GuardView(real.observe().alive(), told);
        }

        @Override
        public boolean arm(long deadlineNanos, Duration killMargin, Duration timeout) {
            told = Optional.of(deadlineNanos);
            return true;
        }

        @Override
        public boolean disarm(Duration timeout) {
            told = Optional.empty();
            return true;
        }
    }

    /** Shows what was read ten seconds ago or longer. */
    private static final class Past extends OtherDcs {
        private final Ports ports;
        private final TreeMap<Long, DcsSnapshot> seen = new TreeMap<>();

        Past(Ports ports) {
            super(ports.dcs());
            this.ports = ports;
        }

        @Override
        public DcsSnapshot readAll(String prefix, Duration timeout) throws DcsException {
            long now = ports.clock().monotonicNanos();
            seen.put(now, real.readAll(prefix, timeout));
            Long old = seen.floorKey(now - 10_000_000_000L);
            if (old != null) {
                seen.headMap(old).clear();
            }
            return seen.firstEntry().getValue();
        }
    }

    /** Shows a status whenever the cluster is known and nobody leads, as if somebody had led in this store. */
    private static final class NeverWiped extends OtherDcs {

        NeverWiped(Dcs real) {
            super(real);
        }

        @Override
        public DcsSnapshot readAll(String prefix, Duration timeout) throws DcsException {
            TreeMap<String, DcsSnapshot.Entry> all =
                    new TreeMap<>(real.readAll(prefix, timeout).entries());
            DcsSnapshot.Entry initialize = all.get(prefix + "/initialize");
            if (initialize != null && !all.containsKey(prefix + "/leader")) {
                all.putIfAbsent(
                        prefix + "/status",
                        new DcsSnapshot.Entry(
                                "{\"optime\":0}".getBytes(java.nio.charset.StandardCharsets.UTF_8),
                                initialize.version(),
                                Optional.empty()));
            }
            return new DcsSnapshot(all);
        }
    }

    /** Shows the configuration as if nobody had paused. */
    private static final class WithoutPause extends OtherDcs {

        WithoutPause(Dcs real) {
            super(real);
        }

        @Override
        public DcsSnapshot readAll(String prefix, Duration timeout) throws DcsException {
            TreeMap<String, DcsSnapshot.Entry> all =
                    new TreeMap<>(real.readAll(prefix, timeout).entries());
            all.computeIfPresent(
                    prefix + "/config",
                    (key, entry) -> new DcsSnapshot.Entry(
                            entry.text()
                                    .replace("\"pause\":true", "\"pause\":false")
                                    .getBytes(java.nio.charset.StandardCharsets.UTF_8),
                            entry.version(),
                            entry.leaseId()));
            return new DcsSnapshot(all);
        }
    }
}
