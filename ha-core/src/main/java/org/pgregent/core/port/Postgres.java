package org.pgregent.core.port;

import java.time.Duration;
import java.util.Optional;
import org.pgregent.core.model.PostgresSettings;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.SlotPlan;
import org.pgregent.core.model.TaskView.Divergence;
import org.pgregent.core.model.Upstream;

/**
 * This node's PostgreSQL.
 *
 * <p>{@link #observe}, {@link #applyConfiguration} and {@link #syncSlots} are short and called from the agent's thread
 * ({@code observe} from others too, so it is safe for use by many threads). All other calls may take long and are made from
 * one task thread at a time. They end soon after their timeout with a {@link PostgresException}, or after an interrupt with
 * {@link InterruptedException}, leaving no child program of theirs behind. All are idempotent: doing again what is done
 * already succeeds.
 */
public interface Postgres {

    /** How to stop. */
    enum StopMode {
        /** Clients are cut, a checkpoint is written. */
        FAST,
        /** At once, as if it had crashed. */
        IMMEDIATE
    }

    /** Looks at all of it, within about {@code timeout}. Never throws on account of PostgreSQL: what fails is in the view. */
    PostgresView observe(Duration timeout);

    /**
     * Makes a new data folder with the superuser, the replication and the rewind user, ready to be started. Nobody but this
     * call can connect to it meanwhile. Only into an empty or unfinished folder.
     *
     * @throws PostgresException also if the folder is neither
     */
    void initialize(Duration timeout) throws PostgresException, InterruptedException;

    /** Starts as primary: no standby signal, no upstream. Returns when it lets clients in. */
    void startPrimary(PostgresSettings settings, Duration timeout) throws PostgresException, InterruptedException;

    /** Starts as standby of the upstream, or of nobody. Returns when it lets clients in. */
    void startReplica(PostgresSettings settings, Optional<Upstream> upstream, Duration timeout)
            throws PostgresException, InterruptedException;

    /** Points a running standby to another upstream, or to nobody; restarts it where its version needs that. */
    void follow(PostgresSettings settings, Optional<Upstream> upstream, Duration timeout)
            throws PostgresException, InterruptedException;

    /** Stops, and returns when no process of it lives. Stopping a stopped one succeeds. */
    void stop(StopMode mode, Duration timeout) throws PostgresException, InterruptedException;

    /** Promotes a running standby; returns when it is out of recovery. */
    void promote(Duration timeout) throws PostgresException, InterruptedException;

    /**
     * The server that runs now was asked to promote, be it by a former process of this agent: that cannot be taken back, and may
     * not have happened yet. Cheap; asked in every pass.
     */
    boolean wasAskedToPromote();

    /** Writes a checkpoint now, on a running primary. */
    void checkpoint(Duration timeout) throws PostgresException, InterruptedException;

    /** Copies the source's data into an empty or unfinished folder, ready to be started as its standby. */
    void cloneFrom(Upstream source, Duration timeout) throws PostgresException, InterruptedException;

    /**
     * Whether the WAL of this node (running as standby, or stopped cleanly) left the path of the leader's timeline. Asks the
     * leader over a replication connection.
     */
    Divergence compareWith(Upstream leader, Duration timeout) throws PostgresException, InterruptedException;

    /** Takes the stopped data folder back to where the leader's history and its own parted. */
    void rewindFrom(Upstream leader, Duration timeout) throws PostgresException, InterruptedException;

    /** Recovers a stopped, crashed folder in single-user mode, so that it is shut down cleanly. */
    void recoverCrash(Duration timeout) throws PostgresException, InterruptedException;

    /** Renames the stopped data folder to {@code <data_dir>.failed}, with a number if that is taken. */
    void setAside() throws PostgresException, InterruptedException;

    /** Deletes the stopped data folder. Only ever called because the configuration or a person asked for it. */
    void removeData() throws PostgresException, InterruptedException;

    /**
     * Brings the configuration files in line and, when running, reloads. The fingerprint of the settings is in the view
     * afterwards.
     */
    void applyConfiguration(PostgresSettings settings, Duration timeout) throws PostgresException, InterruptedException;

    /** Creates, drops and advances physical slots. What cannot be done now is left for the next time. */
    void syncSlots(SlotPlan plan, Duration timeout) throws PostgresException, InterruptedException;

    /**
     * Calls the hint, on any thread and within tens of milliseconds, when a postmaster of this data folder has ended, however
     * it was started. One hint at a time; a new one replaces the old.
     */
    void onExit(Runnable hint);
}
