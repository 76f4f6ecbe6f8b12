package org.pgregent.core.model;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What was seen of this node's PostgreSQL in one look. What could not be seen is empty, never guessed.
 *
 * @param dataDir what the data folder is good for
 * @param process whether a postmaster of that folder lives, and whether it lets us in
 * @param role from {@code pg_is_in_recovery()}; empty when SQL did not answer
 * @param standbySignal whether the folder asks to be started as a standby
 * @param postmasterId pid and start time of the postmaster in one opaque text, to tell one from the next
 * @param wal positions, when running and SQL answered
 * @param control what pg_control says (read from the file, so there when stopped too)
 * @param upstream whom primary_conninfo names now
 * @param replicationState {@code streaming}, {@code in archive recovery}, or empty
 * @param replicas rows of pg_stat_replication
 * @param slots rows of pg_replication_slots
 * @param history the lines of the current timeline's history file, when primary and timeline above 1
 * @param pendingRestart parameters that wait for a restart: name to old and new value
 * @param configuration fingerprint of the settings last applied, empty if none were since this agent started
 * @param postmasterStart when the postmaster started, as PostgreSQL tells it
 * @param serverVersion such as 150018
 * @param trouble one sentence on what could not be seen and why
 */
public record PostgresView(
        DataDir dataDir,
        Process process,
        Optional<Role> role,
        boolean standbySignal,
        Optional<String> postmasterId,
        Wal wal,
        Optional<Control> control,
        Optional<Upstream> upstream,
        Optional<String> replicationState,
        List<Replica> replicas,
        List<Slot> slots,
        List<HistoryLine> history,
        Map<String, PendingRestart> pendingRestart,
        Optional<String> configuration,
        Optional<Instant> postmasterStart,
        OptionalInt serverVersion,
        Optional<String> trouble) {

    /** What the data folder is good for. */
    public enum DataDir {
        /** Not there, or nothing in it: a cluster may be made or cloned here. */
        EMPTY,
        /** This agent began to fill it when it was empty and did not finish: may be emptied and filled again. */
        UNFINISHED,
        /** A data folder with a valid pg_control. */
        PRESENT,
        /** Not empty, and not a data folder either: never touched. */
        INVALID,
        /** It cannot be read. */
        INACCESSIBLE
    }

    /** The postmaster. */
    public enum Process {
        STOPPED,
        /** Lives, does not let clients in yet, or not any more. */
        STARTING,
        RUNNING
    }

    /**
     * Positions in the WAL.
     *
     * @param written of a primary: flushed to its own disk
     * @param received of a replica: got from upstream
     * @param replayed of a replica
     * @param timeline of the last of these
     * @param replayTimestamp commit time of the last transaction replayed
     * @param replayPaused whether replay is paused
     * @param latestEnd of a replica: the last position its upstream reported
     */
    public record Wal(
            Optional<Lsn> written,
            Optional<Lsn> received,
            Optional<Lsn> replayed,
            Optional<Timeline> timeline,
            Optional<Instant> replayTimestamp,
            boolean replayPaused,
            Optional<Lsn> latestEnd) {

        public static final Wal UNKNOWN = new Wal(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                false,
                Optional.empty());

        public static Wal ofPrimary(Lsn written, Timeline timeline) {
            return new Wal(
                    Optional.of(written),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.of(timeline),
                    Optional.empty(),
                    false,
                    Optional.empty());
        }

        public static Wal ofReplica(Lsn received, Lsn replayed, Timeline timeline) {
            return new Wal(
                    Optional.empty(),
                    Optional.of(received),
                    Optional.of(replayed),
                    Optional.of(timeline),
                    Optional.empty(),
                    false,
                    Optional.empty());
        }

        /** How far this node is: what a primary wrote, or the most a replica has. */
        public Optional<Lsn> position() {
            if (written.isPresent()) {
                return written;
            }
            if (received.isEmpty() && replayed.isEmpty()) {
                return Optional.empty();
            }
            return Optional.of(Lsn.max(received.orElse(Lsn.ZERO), replayed.orElse(Lsn.ZERO)));
        }
    }

    /**
     * What pg_controldata prints.
     *
     * @param state such as {@code in production} or {@code shut down}, in PostgreSQL's words
     * @param checkpoint "Latest checkpoint location"
     * @param timeline "Latest checkpoint's TimeLineID"
     * @param minRecoveryEnd "Minimum recovery ending location", with its timeline
     * @param rewindable wal_log_hints was on, or the folder has data checksums
     */
    public record Control(
            SystemId systemId,
            String state,
            Lsn checkpoint,
            Timeline timeline,
            Optional<Lsn> minRecoveryEnd,
            Optional<Timeline> minRecoveryTimeline,
            boolean rewindable) {

        public boolean cleanlyShutDown() {
            return state.equals("shut down") || state.equals("shut down in recovery");
        }

        /** The last thing this folder was is a primary, be it shut down or crashed. */
        public boolean wasPrimary() {
            return state.equals("in production")
                    || state.equals("shutting down")
                    || state.equals("shut down")
                    || state.equals("in crash recovery");
        }

        /** It was a primary (or is recovering from having been one) and did not end cleanly. */
        public boolean crashedAsPrimary() {
            return wasPrimary() && !cleanlyShutDown();
        }
    }

    /** A row of pg_stat_replication. */
    public record Replica(
            String user,
            String applicationName,
            String clientAddress,
            String state,
            String syncState,
            int syncPriority,
            Optional<Lsn> flushed) {}

    /** A row of pg_replication_slots. */
    public record Slot(
            String name,
            boolean physical,
            boolean active,
            Optional<Lsn> restartLsn,
            boolean hasXmin,
            boolean lost,
            boolean temporary) {}

    /** A line of a timeline's history file. */
    public record HistoryLine(Timeline timeline, Lsn switchPoint, String reason) {}

    /** A parameter that waits for a restart; values in human units. */
    public record PendingRestart(String oldValue, String newValue) {}

    public PostgresView {
        requireNonNull(dataDir, "dataDir");
        requireNonNull(process, "process");
        requireNonNull(role, "role");
        requireNonNull(wal, "wal");
        replicas = List.copyOf(replicas);
        slots = List.copyOf(slots);
        history = List.copyOf(history);
        pendingRestart = Map.copyOf(pendingRestart);
        if (role.isPresent() && process != Process.RUNNING) {
            throw new IllegalArgumentException("only a running PostgreSQL tells its role, this one is " + process);
        }
    }

    /** A view of a PostgreSQL of which only the folder and the process are known. */
    public static PostgresView of(DataDir dataDir, Process process) {
        return new PostgresView(
                dataDir,
                process,
                Optional.empty(),
                false,
                Optional.empty(),
                Wal.UNKNOWN,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                List.of(),
                List.of(),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                OptionalInt.empty(),
                Optional.empty());
    }

    public boolean isStopped() {
        return process == Process.STOPPED;
    }

    public boolean isPrimary() {
        return role.equals(Optional.of(Role.PRIMARY));
    }

    public boolean isReplica() {
        return role.equals(Optional.of(Role.REPLICA));
    }

    public boolean isStreaming() {
        return replicationState.equals(Optional.of("streaming"));
    }

    /**
     * Whether it takes writes, or may for all we know: a postmaster lives, it did not tell that it is in recovery, and its
     * folder does not ask for standby.
     */
    public boolean mayBeWritable() {
        return process != Process.STOPPED && !isReplica() && (isPrimary() || !standbySignal);
    }

    public Optional<SystemId> systemId() {
        return control.map(Control::systemId);
    }
}
