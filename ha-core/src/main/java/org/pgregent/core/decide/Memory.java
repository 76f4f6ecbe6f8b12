package org.pgregent.core.decide;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.SystemId;
import org.pgregent.core.model.TaskKind;
import org.pgregent.core.model.TaskView.Divergence;
import org.pgregent.core.model.Timeline;

/**
 * What one decision leaves to the next. Immutable; every change is a new one. All nanos are of this node's monotonic clock.
 *
 * @param startedNanos when this agent decided first
 * @param leadsOn the lease this node led on when it last knew
 * @param everLed this agent has led since it began, or since it began anew after the store was wiped
 * @param knownSystem the cluster that the store last told of
 * @param leaderlessSince since when this node knows, without a gap, that there is no leader
 * @param lastKept when leadership was last kept
 * @param brokenSince since when this node leads and its PostgreSQL does not say what it is
 * @param mustStop this PostgreSQL lost its right to write and has not been seen without it since
 * @param idleClaim the version of somebody's claim that nobody works on, and since when
 * @param guardTried when the guard was last asked to start
 * @param noRaceUntil no race for leadership before that
 * @param outageStopped PostgreSQL was stopped because the store was away, so it may run read-only on its own
 * @param ending this node is going down for good, and why
 * @param comparing the leader and timeline that a comparison is under way against
 * @param verdict what the last comparison found
 * @param failures per kind of task, how often it failed in a row and when to try again
 * @param digestedTask the last ended task whose end is already in here
 * @param slotsSeen when the leader last saw the member behind each slot
 * @param request the request in the failover key, and since when this node knows it
 * @param handover how far this leader is with handing over
 * @param handedOver when this node last gave the key away on request; its PostgreSQL has not run since
 * @param tookFor the version of the request that this node took the leader key for
 */
public record Memory(
        long startedNanos,
        Optional<String> leadsOn,
        boolean everLed,
        Optional<SystemId> knownSystem,
        Optional<Long> leaderlessSince,
        Optional<Long> lastKept,
        Optional<Long> brokenSince,
        boolean mustStop,
        Optional<IdleClaim> idleClaim,
        Optional<Long> guardTried,
        Optional<Long> noRaceUntil,
        boolean outageStopped,
        Optional<String> ending,
        Optional<Rival> comparing,
        Optional<Verdict> verdict,
        SortedMap<TaskKind, Failure> failures,
        long digestedTask,
        SortedMap<String, Long> slotsSeen,
        Optional<SeenRequest> request,
        Optional<Handover> handover,
        Optional<Long> handedOver,
        Optional<String> tookFor) {

    /**
     * A request in the failover key.
     *
     * @param leader who led when it was first seen
     */
    public record SeenRequest(String version, long sinceNanos, Optional<NodeName> leader) {}

    /**
     * A leader on its way out.
     *
     * @param version of the request it does this for; empty when its agent is to end
     * @param sinceNanos when this phase began
     * @param position how far it had written when it was stopped
     */
    public record Handover(String version, Phase phase, long sinceNanos, Optional<Lsn> position) {

        /** The steps, in order; the last one instead of those before it. */
        public enum Phase {
            /** A checkpoint under full load, so that the one of the shutdown is short. */
            CHECKPOINT,
            /** PostgreSQL goes down. */
            STOP,
            /** It is down, and who is next has to have all of it. */
            CONFIRM,
            /** It could not be ended: PostgreSQL is to be primary again. */
            TAKE_BACK
        }
    }

    /** A claim nobody works on. */
    public record IdleClaim(String version, long sinceNanos) {}

    /** A leader on a timeline. */
    public record Rival(NodeName leader, Optional<Timeline> timeline) {}

    /** What comparing with a rival found. */
    public record Verdict(Rival rival, Divergence divergence) {}

    /** Failures in a row. */
    public record Failure(int times, long notBeforeNanos, String why) {}

    /** Nothing yet. */
    public static Memory startingAt(long nanos) {
        return new Memory(
                nanos,
                Optional.empty(),
                false,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                false,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                false,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                new TreeMap<>(),
                0,
                new TreeMap<>(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    public Memory {
        failures = Collections.unmodifiableSortedMap(new TreeMap<>(failures));
        slotsSeen = Collections.unmodifiableSortedMap(new TreeMap<>(slotsSeen));
    }

    public Draft change() {
        return new Draft(this);
    }

    public Optional<Failure> failure(TaskKind kind) {
        return Optional.ofNullable(failures.get(kind));
    }

    /** Collects the changes to one memory; used up within an expression. */
    public static final class Draft {
        private long startedNanos;
        private Optional<String> leadsOn;
        private boolean everLed;
        private Optional<SystemId> knownSystem;
        private Optional<Long> leaderlessSince;
        private Optional<Long> lastKept;
        private Optional<Long> brokenSince;
        private boolean mustStop;
        private Optional<IdleClaim> idleClaim;
        private Optional<Long> guardTried;
        private Optional<Long> noRaceUntil;
        private boolean outageStopped;
        private Optional<String> ending;
        private Optional<Rival> comparing;
        private Optional<Verdict> verdict;
        private SortedMap<TaskKind, Failure> failures;
        private long digestedTask;
        private SortedMap<String, Long> slotsSeen;
        private Optional<SeenRequest> request;
        private Optional<Handover> handover;
        private Optional<Long> handedOver;
        private Optional<String> tookFor;

        private Draft(Memory m) {
            startedNanos = m.startedNanos;
            leadsOn = m.leadsOn;
            everLed = m.everLed;
            knownSystem = m.knownSystem;
            leaderlessSince = m.leaderlessSince;
            lastKept = m.lastKept;
            brokenSince = m.brokenSince;
            mustStop = m.mustStop;
            idleClaim = m.idleClaim;
            guardTried = m.guardTried;
            noRaceUntil = m.noRaceUntil;
            outageStopped = m.outageStopped;
            ending = m.ending;
            comparing = m.comparing;
            verdict = m.verdict;
            failures = new TreeMap<>(m.failures);
            digestedTask = m.digestedTask;
            slotsSeen = m.slotsSeen;
            request = m.request;
            handover = m.handover;
            handedOver = m.handedOver;
            tookFor = m.tookFor;
        }

        public Draft startedNanos(long value) {
            startedNanos = value;
            return this;
        }

        public Draft leadsOn(Optional<String> value) {
            leadsOn = value;
            everLed = everLed || value.isPresent();
            return this;
        }

        /** As if this agent had just begun, with a PostgreSQL that runs already. */
        public Draft neverLed() {
            leadsOn = Optional.empty();
            everLed = false;
            return this;
        }

        public Draft knownSystem(SystemId value) {
            knownSystem = Optional.of(value);
            return this;
        }

        public Draft leaderlessSince(Optional<Long> value) {
            leaderlessSince = value;
            return this;
        }

        public Draft lastKept(long value) {
            lastKept = Optional.of(value);
            return this;
        }

        public Draft brokenSince(Optional<Long> value) {
            brokenSince = value;
            return this;
        }

        public Draft mustStop(boolean value) {
            mustStop = value;
            return this;
        }

        public Draft idleClaim(Optional<IdleClaim> value) {
            idleClaim = value;
            return this;
        }

        public Draft guardTried(Optional<Long> value) {
            guardTried = value;
            return this;
        }

        public Draft noRaceUntil(Optional<Long> value) {
            noRaceUntil = value;
            return this;
        }

        public Draft outageStopped(boolean value) {
            outageStopped = value;
            return this;
        }

        public Draft ending(String why) {
            ending = Optional.of(why);
            return this;
        }

        public Draft comparing(Optional<Rival> value) {
            comparing = value;
            return this;
        }

        public Draft verdict(Optional<Verdict> value) {
            verdict = value;
            return this;
        }

        public Draft failure(TaskKind kind, Failure value) {
            failures.put(kind, value);
            return this;
        }

        public Draft noFailure(TaskKind kind) {
            failures.remove(kind);
            return this;
        }

        public Draft digestedTask(long value) {
            digestedTask = value;
            return this;
        }

        public Draft slotsSeen(Map<String, Long> value) {
            slotsSeen = new TreeMap<>(value);
            return this;
        }

        public Draft request(Optional<SeenRequest> value) {
            request = value;
            return this;
        }

        public Draft handover(Optional<Handover> value) {
            handover = value;
            return this;
        }

        public Draft handedOver(Optional<Long> value) {
            handedOver = value;
            return this;
        }

        public Draft tookFor(Optional<String> value) {
            tookFor = value;
            return this;
        }

        public Memory done() {
            return new Memory(
                    startedNanos,
                    leadsOn,
                    everLed,
                    knownSystem,
                    leaderlessSince,
                    lastKept,
                    brokenSince,
                    mustStop,
                    idleClaim,
                    guardTried,
                    noRaceUntil,
                    outageStopped,
                    ending,
                    comparing,
                    verdict,
                    failures,
                    digestedTask,
                    slotsSeen,
                    request,
                    handover,
                    handedOver,
                    tookFor);
        }
    }
}
