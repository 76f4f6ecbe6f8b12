package org.pgregent.core.model;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;

/**
 * What the store says.
 *
 * @param reachable false: the store did not answer, and the rest is what it said last
 * @param readNanos before the read was sent; nothing here is older
 * @param trouble why it did not answer
 * @param initialize the system identifier, or an empty text while somebody makes the cluster
 * @param failover what a person asked for, if anything was ever asked for
 * @param history empty when the key is missing
 */
public record ClusterView(
        boolean reachable,
        long readNanos,
        Optional<String> trouble,
        Optional<Versioned<String>> initialize,
        Optional<Versioned<DynamicConfig>> config,
        Optional<LeaderView> leader,
        List<MemberView> members,
        Optional<Versioned<StatusView>> status,
        Optional<Versioned<FailoverRequest>> failover,
        Optional<Versioned<String>> sync,
        Optional<Versioned<String>> failsafe,
        Optional<Versioned<List<HistoryEntry>>> history) {

    /** Nothing was ever read. */
    public static final ClusterView UNKNOWN = new ClusterView(
            false,
            0,
            Optional.of("the store has not been read yet"),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    /** @param leaseId the lease the leader key hangs on */
    public record LeaderView(NodeName name, Optional<String> leaseId, String version) {}

    public ClusterView {
        requireNonNull(initialize, "initialize");
        members = List.copyOf(members);
    }

    /** The same view, no longer fresh. */
    public ClusterView unreachable(String why) {
        return new ClusterView(
                false,
                readNanos,
                Optional.of(why),
                initialize,
                config,
                leader,
                members,
                status,
                failover,
                sync,
                failsafe,
                history);
    }

    public Optional<MemberView> member(NodeName name) {
        return members.stream().filter(m -> m.name().equals(name)).findFirst();
    }

    public Optional<MemberView> leaderMember() {
        return leader.flatMap(l -> member(l.name()));
    }

    /** The cluster's system identifier, once it has one. */
    public Optional<SystemId> systemId() {
        return initialize.map(Versioned::value).filter(SystemId::isValid).map(SystemId::new);
    }

    /** Not one key of a living cluster: a new one, or a store that lost its data. */
    public boolean isBlank() {
        return initialize.isEmpty() && leader.isEmpty() && config.isEmpty() && status.isEmpty() && history.isEmpty();
    }

    /** The timeline after the last switch that is on record. */
    public Optional<Timeline> timeline() {
        return history.map(h -> h.value().isEmpty()
                ? new Timeline(1)
                : new Timeline(h.value().get(h.value().size() - 1).timeline().number() + 1));
    }

    public Optional<Lsn> optime() {
        return status.flatMap(s -> s.value().optime());
    }
}
