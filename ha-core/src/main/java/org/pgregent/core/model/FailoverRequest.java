package org.pgregent.core.model;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Optional;

/**
 * What a person asked for with the failover key. Names are texts as they were written: nothing says that such a node exists.
 *
 * @param leader the leader that is to hand over; given, this is a switchover, else a manual failover
 * @param candidate who is to lead next; absent: any fit member
 * @param scheduledAt when, as it was written; absent: now
 */
public record FailoverRequest(Optional<String> leader, Optional<String> candidate, Optional<String> scheduledAt) {

    /** What stands in the key when nothing is asked for. */
    public static final FailoverRequest NONE =
            new FailoverRequest(Optional.empty(), Optional.empty(), Optional.empty());

    public FailoverRequest {
        requireNonNull(leader, "leader");
        requireNonNull(candidate, "candidate");
        requireNonNull(scheduledAt, "scheduledAt");
    }

    /** A time alone asks for nothing. */
    public boolean isEmpty() {
        return leader.isEmpty() && candidate.isEmpty();
    }

    public boolean isSwitchover() {
        return leader.isPresent();
    }

    /** What the operator's log calls it. */
    public String words() {
        return isSwitchover() ? "switchover" : "manual failover";
    }

    /** The same as a verb that follows "to". */
    public String verb() {
        return isSwitchover() ? "switchover" : "failover";
    }

    public boolean names(NodeName node) {
        return candidate.equals(Optional.of(node.value()));
    }

    public boolean isFrom(NodeName node) {
        return leader.equals(Optional.of(node.value()));
    }

    /** When it is due; empty if it is not scheduled, or if nobody can tell. */
    public Optional<Instant> dueAt() {
        return scheduledAt.flatMap(text -> ScheduledTime.parse(text).flatMap(ScheduledTime::instant));
    }

    /** The same for at once: written by the leader when the time has come, so that all others know it, whatever their clocks say. */
    public FailoverRequest withoutSchedule() {
        return new FailoverRequest(leader, candidate, Optional.empty());
    }
}
