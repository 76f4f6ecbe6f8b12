package org.pgregent.core.decide;

import java.util.List;
import java.util.Optional;
import org.pgregent.core.model.FailoverRequest;
import org.pgregent.core.model.HistoryEntry;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.SlotPlan;
import org.pgregent.core.model.SystemId;
import org.pgregent.core.model.TaskKind;
import org.pgregent.core.model.Upstream;

/** What one pass does. Each carries the versions it was decided on, so that it cannot hit a world that has moved. */
public sealed interface Action {

    /** Nothing. */
    record Wait() implements Action {}

    /** Creates the initialize key: empty to make a new cluster, or with the identifier of the data this node has. */
    record ClaimInitialize(String value) implements Action {}

    /** Writes the system identifier over this node's own claim, or over an invalid value. */
    record RecordInitialize(SystemId systemId, Optional<String> seenVersion) implements Action {}

    /** Deletes a claim nobody is working on, or this node's own after a failure. */
    record WithdrawInitialize(String seenVersion) implements Action {}

    /** Creates the leader key on this node's lease. */
    record AcquireLeadership() implements Action {}

    /** The leader key names this node but hangs on a lease of its former process: moves it to the present lease. */
    record TakeOverLeadership(String seenVersion) implements Action {}

    /** Renews the lease, tells the guard, then writes status and history. Only the renewal may fail it. */
    record KeepLeadership(boolean armGuard, Optional<StatusUpdate> status, Optional<HistoryUpdate> history)
            implements Action {}

    /** Deletes the leader key, after a last position was published. */
    record ReleaseLeadership(Optional<Lsn> optime) implements Action {}

    /**
     * Publishes the last position and deletes the leader key; without the first not the second, for whoever is next is measured
     * by it.
     */
    record HandOver(Lsn optime, Optional<String> seenStatusVersion) implements Action {}

    /** Publishes the last position, and leaves the leader key to its lease. */
    record RecordPosition(Lsn optime, Optional<String> seenStatusVersion) implements Action {}

    /** Empties the failover key: what it asked for is done, or will not be done. */
    record ClearFailover(String seenVersion) implements Action {}

    /** Replaces what is asked for. */
    record RewriteFailover(FailoverRequest request, String seenVersion) implements Action {}

    /** Writes this node's dynamic configuration where there is none. */
    record WriteConfig(Optional<String> seenVersion) implements Action {}

    /** Starts the guard, or takes over the one that is there. */
    record RestartGuard() implements Action {}

    /** Tells the guard the deadline of the lease as it was last renewed. */
    record ArmGuard() implements Action {}

    record DisarmGuard() implements Action {}

    /** Asks the members how far they are; the answers wake the loop. */
    record AskPeers(List<NodeName> names) implements Action {}

    record ApplyConfiguration() implements Action {}

    record SyncSlots(SlotPlan plan) implements Action {}

    record CancelTask() implements Action {}

    /** Ends the agent. */
    record End(int exitCode, String message) implements Action {}

    /** Long work, done beside the loop and seen as a task. */
    sealed interface Task extends Action {
        TaskKind kind();
    }

    record InitDb() implements Task {
        @Override
        public TaskKind kind() {
            return TaskKind.INITDB;
        }
    }

    record Clone(Upstream source) implements Task {
        @Override
        public TaskKind kind() {
            return TaskKind.CLONE;
        }
    }

    record StartPrimary() implements Task {
        @Override
        public TaskKind kind() {
            return TaskKind.START_PRIMARY;
        }
    }

    record StartReplica(Optional<Upstream> upstream) implements Task {
        @Override
        public TaskKind kind() {
            return TaskKind.START_REPLICA;
        }
    }

    record Follow(Optional<Upstream> upstream) implements Task {
        @Override
        public TaskKind kind() {
            return TaskKind.FOLLOW;
        }
    }

    /** Stops PostgreSQL, taking the place of whatever task runs. */
    record StopPostgres(boolean immediate) implements Task {
        @Override
        public TaskKind kind() {
            return TaskKind.STOP;
        }
    }

    record Promote(Optional<Lsn> lastKnownPosition) implements Task {
        @Override
        public TaskKind kind() {
            return TaskKind.PROMOTE;
        }
    }

    record CheckDivergence(Upstream leader) implements Task {
        @Override
        public TaskKind kind() {
            return TaskKind.CHECK_DIVERGENCE;
        }
    }

    record Rewind(Upstream leader) implements Task {
        @Override
        public TaskKind kind() {
            return TaskKind.REWIND;
        }
    }

    record Checkpoint() implements Task {
        @Override
        public TaskKind kind() {
            return TaskKind.CHECKPOINT;
        }
    }

    record RecoverCrash() implements Task {
        @Override
        public TaskKind kind() {
            return TaskKind.CRASH_RECOVERY;
        }
    }

    record SetAside() implements Task {
        @Override
        public TaskKind kind() {
            return TaskKind.SET_ASIDE;
        }
    }

    record RemoveData() implements Task {
        @Override
        public TaskKind kind() {
            return TaskKind.REMOVE_DATA;
        }
    }

    /** The status key as it should be, and the state it was in when that was decided. */
    record StatusUpdate(
            Optional<Lsn> optime,
            java.util.Map<String, Lsn> slots,
            List<String> retainSlots,
            Optional<String> seenVersion) {}

    /** The history key as it should be, and the state it was in when that was decided. */
    record HistoryUpdate(List<HistoryEntry> entries, Optional<String> seenVersion) {}
}
