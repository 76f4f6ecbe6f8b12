package org.pgregent.core.decide;

import java.time.Duration;
import java.util.Optional;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.FailoverRequest;
import org.pgregent.core.model.LeaseView;
import org.pgregent.core.model.MemberView;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.NodeView;
import org.pgregent.core.model.Now;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.SafeTimes;
import org.pgregent.core.model.Settings;
import org.pgregent.core.model.TaskKind;
import org.pgregent.core.model.Timeline;
import org.pgregent.core.model.Upstream;
import org.pgregent.core.model.Versioned;

/** The five inputs of a decision, with the predicates that let rules read as sentences. */
public record Situation(ClusterView cluster, NodeView node, Settings settings, Now now, Memory memory) {

    /** Whoever waits, waits this long, or a pass that has nothing to do would spin. */
    private static final Duration SHORTEST_WAIT = Duration.ofMillis(20);

    // --- who leads -------------------------------------------------------------------------------------------------

    public NodeName me() {
        return node.name();
    }

    /** The store says so, the key hangs on the lease in hand, and that lease is not known to be gone. */
    public boolean iLead() {
        return cluster.reachable()
                && node.lease().isHeld()
                && !node.lease().lost()
                && cluster.leader()
                        .map(l -> l.name().equals(me())
                                && l.leaseId().equals(node.lease().id()))
                        .orElse(false);
    }

    /** The leader key names this node, but hangs on a lease that is not in hand: its former process had it. */
    public boolean myFormerSelfLeads() {
        return namedOnAnotherLease() && !memory.everLed();
    }

    /** As above, but this process has led itself: so the key was taken by another agent that goes under the same name. */
    public boolean namesakeLeads() {
        return namedOnAnotherLease() && memory.everLed();
    }

    private boolean namedOnAnotherLease() {
        return cluster.reachable()
                && cluster.leader().map(l -> l.name().equals(me())).orElse(false)
                && !iLead();
    }

    public boolean anotherLeads() {
        return cluster.reachable()
                && cluster.leader().map(l -> !l.name().equals(me())).orElse(false);
    }

    public boolean nobodyLeads() {
        return cluster.reachable() && cluster.leader().isEmpty();
    }

    /** The store is silent, and when it last spoke this node led on the lease it still has. */
    public boolean iLedBeforeTheOutage() {
        return !cluster.reachable()
                && memory.leadsOn().isPresent()
                && memory.leadsOn().equals(node.lease().id());
    }

    // --- the lease -------------------------------------------------------------------------------------------------

    public LeaseView lease() {
        return node.lease();
    }

    /** A lease in hand that still has time before D - B. */
    public boolean leaseHasTime() {
        return lease().isHeld() && !lease().lost() && !lease().isOverAt(now.monotonicNanos());
    }

    /** The margins that go with the lease, or with the one this node would get. */
    public SafeTimes times() {
        return lease().times().orElseGet(() -> SafeTimes.of(settings.ttl()));
    }

    /**
     * This agent found PostgreSQL running as primary and has not yet had the time to lead: it may run until the deadline its
     * former agent gave the guard is near. If no guard can tell that deadline, it may have passed: then only while the store can
     * be asked, and for one retry_timeout.
     */
    public boolean stillAdopting() {
        if (memory.everLed() || lease().lost()) {
            return false;
        }
        boolean asked = node.guard().alive() || memory.guardTried().isPresent();
        boolean deadlineUnknown = asked && !node.guard().isArmed();
        if (deadlineUnknown && !cluster.reachable()) {
            return false;
        }
        long until = node.guard().isArmed()
                ? node.guard().deadlineNanos().orElseThrow()
                        - times().stopMargin().toNanos()
                : memory.startedNanos() + settings.retryTimeout().toNanos();
        return !now.isAtOrAfter(until);
    }

    /** The guard has acknowledged a deadline that this lease covers, and there is time left until then. */
    public boolean guardCovers() {
        return node.guard().covers(lease(), now.monotonicNanos());
    }

    // --- this node -------------------------------------------------------------------------------------------------

    public PostgresView postgres() {
        return node.postgres();
    }

    public boolean paused() {
        return settings.paused();
    }

    public boolean busy() {
        return node.runningTask().isPresent();
    }

    public boolean hasData() {
        return postgres().dataDir() == PostgresView.DataDir.PRESENT;
    }

    public boolean mayFillDataDir() {
        return postgres().dataDir() == PostgresView.DataDir.EMPTY
                || postgres().dataDir() == PostgresView.DataDir.UNFINISHED;
    }

    public boolean systemIdMismatch() {
        return cluster.reachable()
                && cluster.systemId().isPresent()
                && postgres().systemId().isPresent()
                && !cluster.systemId().equals(postgres().systemId());
    }

    /** The last attempt of this kind failed, and it is too early for the next. */
    public boolean backingOff(TaskKind kind) {
        return memory.failure(kind)
                .map(f -> !now.isAtOrAfter(f.notBeforeNanos()))
                .orElse(false);
    }

    /** Such as {@code " (last attempt failed: …)"}, or nothing. */
    public String lastFailure(TaskKind kind) {
        return memory.failure(kind)
                .map(f -> " (attempt " + f.times() + " failed: " + f.why() + ")")
                .orElse("");
    }

    /** This node's timeline ended before the last one on record: whatever it has is the past. */
    public boolean behindTheClusterTimeline() {
        Optional<Timeline> mine = postgres().wal().timeline();
        return mine.isPresent()
                && cluster.timeline().isPresent()
                && mine.get().isBefore(cluster.timeline().get());
    }

    // --- the others ------------------------------------------------------------------------------------------------

    public Optional<MemberView> leaderMember() {
        return anotherLeads() ? cluster.leaderMember() : Optional.empty();
    }

    /** The leader's PostgreSQL runs as primary, by its own account. */
    public boolean leaderIsUp() {
        return leaderMember().map(m -> m.isRunning() && m.saysPrimary()).orElse(false);
    }

    /** Whom this node should stream from: the member named by replicatefrom if it is there, else the leader; nobody with nostream. */
    public Optional<Upstream> wantedUpstream() {
        if (node.tags().noStream()) {
            return Optional.empty();
        }
        Optional<Upstream> chosen = node.tags()
                .replicateFrom()
                .filter(name -> !name.equals(me().value()))
                .flatMap(name -> cluster.members().stream()
                        .filter(m -> m.name().value().equals(name) && m.isRunning())
                        .findFirst())
                .flatMap(MemberView::asUpstream);
        return chosen.isPresent() ? chosen : leaderMember().flatMap(MemberView::asUpstream);
    }

    /** By the cluster's record this timeline began with the promotion of another node. */
    public boolean timelineBegunByAnother(Timeline timeline) {
        return cluster.history().stream()
                .flatMap(history -> history.value().stream())
                .filter(entry -> entry.timeline().number() + 1 == timeline.number())
                .flatMap(entry -> entry.newLeader().stream())
                .anyMatch(begunBy -> !begunBy.equals(node.name().value()));
    }

    /** The cluster's present timeline began, by its record, with the promotion of another node. */
    public boolean anotherBeganThePresentTimeline() {
        return cluster.timeline().map(this::timelineBegunByAnother).orElse(false);
    }

    public Optional<Memory.Rival> rival() {
        return leaderMember().map(m -> new Memory.Rival(m.name(), m.timeline()));
    }

    // --- what a person asked for ------------------------------------------------------------------------------------

    /** What the failover key asks for, if anything. */
    public Optional<Versioned<FailoverRequest>> request() {
        return cluster.reachable() ? cluster.failover().filter(r -> !r.value().isEmpty()) : Optional.empty();
    }

    /** The same, if it is to be done now: a leader takes the time out of a scheduled one when that has come. */
    public Optional<Versioned<FailoverRequest>> order() {
        return request().filter(r -> r.value().scheduledAt().isEmpty());
    }

    /** A person named this node as the next leader. */
    public boolean isAskedToLead() {
        return order().map(r -> r.value().names(me())).orElse(false);
    }

    public boolean isHandingOver(Memory.Handover.Phase phase) {
        return memory.handover().map(h -> h.phase() == phase).orElse(false);
    }

    /**
     * In pause a primary runs without a guard. But becoming one is held to the same proof as ever: the guard covers it until it
     * is there.
     */
    public boolean guardedInPause() {
        if (!paused() || postgres().isPrimary()) {
            return false;
        }
        boolean becoming = node.promotionAsked() && !postgres().isStopped()
                || node.runningTask().map(t -> t.kind().makesWritable()).orElse(false);
        // Also when the store falls silent meanwhile: then nobody else could tell it to stop.
        return becoming || iLead() && (isAskedToLead() || isHandingOver(Memory.Handover.Phase.TAKE_BACK));
    }

    // --- how to say it ---------------------------------------------------------------------------------------------

    /** Does this, then looks again at once. */
    public Optional<Decision> then(Action action, String because) {
        return decide(action, because, memory, Duration.ZERO);
    }

    public Optional<Decision> then(Action action, String because, Memory next) {
        return decide(action, because, next, Duration.ZERO);
    }

    /** Does nothing until something wakes the loop, or a pass is due. */
    public Optional<Decision> waitBecause(String because) {
        return decide(new Action.Wait(), because, memory, settings.loopWait());
    }

    public Optional<Decision> waitBecause(String because, Duration atMost) {
        return decide(new Action.Wait(), because, memory, atMost);
    }

    /** Does nothing but remember, until something wakes the loop or this time is over. */
    public Optional<Decision> thenSoon(String because, Memory next, Duration atMost) {
        return decide(new Action.Wait(), because, next, atMost);
    }

    /** Does this, then looks again when something wakes the loop, or a pass is due. */
    public Optional<Decision> thenSleep(Action action, String because, Memory next) {
        return decide(action, because, next, settings.loopWait());
    }

    /** Starts long work; its end wakes the loop. */
    public Optional<Decision> start(Action.Task task, String because) {
        return decide(task, because, memory, Duration.ofSeconds(1));
    }

    public Optional<Decision> start(Action.Task task, String because, Memory next) {
        return decide(task, because, next, Duration.ofSeconds(1));
    }

    /** No sleep may be so long that a lease in hand could not be renewed, or PostgreSQL not be stopped, in time. */
    private Optional<Decision> decide(Action action, String because, Memory next, Duration atMost) {
        Duration sleep = shorter(atMost, times().longestSleep(settings.loopWait(), settings.retryTimeout()));
        if (iLead()) {
            long due = next.lastKept().orElse(now.monotonicNanos())
                    + settings.loopWait().toNanos();
            sleep = shorter(sleep, notNegative(now.until(due)));
        }
        if (node.mayBeWritable() && lease().isHeld()) {
            sleep = shorter(sleep, lease().leftAt(now.monotonicNanos()));
        }
        if (action instanceof Action.Wait) {
            sleep = longer(sleep, SHORTEST_WAIT);
        }
        return Optional.of(new Decision(action, because, next, sleep, ""));
    }

    private static Duration longer(Duration a, Duration b) {
        return a.compareTo(b) >= 0 ? a : b;
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) <= 0 ? a : b;
    }

    private static Duration notNegative(Duration d) {
        return d.isNegative() ? Duration.ZERO : d;
    }
}
