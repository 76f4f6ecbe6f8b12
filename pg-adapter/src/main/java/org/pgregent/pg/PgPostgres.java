package org.pgregent.pg;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import org.pgregent.core.model.Conversions;
import org.pgregent.core.model.PostgresSettings;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.PostgresView.DataDir;
import org.pgregent.core.model.Role;
import org.pgregent.core.model.SlotPlan;
import org.pgregent.core.model.TaskView.Divergence;
import org.pgregent.core.model.Upstream;
import org.pgregent.core.port.Postgres;
import org.pgregent.core.port.PostgresException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The PostgreSQL of one data folder on this machine. Run it as the user who owns the folder; PostgreSQL refuses root. */
public final class PgPostgres implements Postgres, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PgPostgres.class);
    private static final Duration POLL = Duration.ofMillis(50);
    private static final Duration PROMOTE_POLL = Duration.ofMillis(10);
    private static final Duration STOP_AGAIN = Duration.ofMinutes(1);

    private final PgConfig config;
    private final DataFolder folder;
    private final PgProcess process;
    private final ControlData controlData;
    private final PgConfigFiles files;
    private final PgProbe probe;
    private final LocalSql sql;
    private final Observer observer;
    private final Initdb initdb;
    private final BaseBackup baseBackup;
    private final PgRewind rewind;
    private final CrashRecovery crashRecovery;
    private final TimelineCheck timelineCheck;
    private final Slots slots;
    private final PromotionMark promotion;
    private volatile Optional<PostgresSettings> applied = Optional.empty();
    private volatile boolean wasLetIn;
    private volatile Optional<String> lockedOut = Optional.empty();
    /** This node's own configuration changed since the files were written. */
    private volatile boolean reconfigured;

    /** @throws PostgresException if the state folder cannot be made */
    public PgPostgres(PgConfig config) throws PostgresException {
        this.config = config;
        try {
            AtomicFiles.makePrivateFolder(config.folders().stateDir());
        } catch (IOException e) {
            throw new PostgresException(
                    "cannot make the state folder " + config.folders().stateDir() + ": " + DataFolder.reason(e), e);
        }
        Programs programs =
                new Programs(config.folders().binDir(), config.folders().binNames());
        Connections connections = new Connections(config);
        PgPass passwords = new PgPass(config.folders().pgpass(), config.authentication());
        this.folder = new DataFolder(config.dataDir(), config.folders().stateDir());
        this.process =
                new PgProcess(programs, config.dataDir(), config.folders().stateDir());
        this.controlData = new ControlData(programs, config.dataDir());
        this.files = new PgConfigFiles(config, passwords, new ConfigCheck(programs, config.dataDir()));
        this.probe = new PgProbe(connections, config);
        this.sql = new LocalSql(connections);
        this.initdb = new Initdb(config, programs, folder, new Users(config, programs));
        this.baseBackup = new BaseBackup(config, programs, folder, passwords);
        this.rewind = new PgRewind(config, folder, programs, files, passwords, connections);
        this.crashRecovery = new CrashRecovery(programs, config.dataDir(), files, controlData);
        this.timelineCheck =
                new TimelineCheck(config, connections, controlData, new WalRecords(programs, config.dataDir()));
        this.observer =
                new Observer(config, folder, process, controlData, files, probe, new ReplayedTimeline(timelineCheck));
        this.slots = new Slots(sql);
        this.promotion = new PromotionMark(config.folders().stateDir());
    }

    @Override
    public PostgresView observe(Duration timeout) {
        Optional<PostgresSettings> settings = applied;
        Map<String, String> wanted = settings.map(
                        known -> (Map<String, String>) Gucs.controlled(known.parameters(), config))
                .orElse(Map.of());
        Optional<String> fingerprint = reconfigured ? Optional.empty() : settings.map(PostgresSettings::fingerprint);
        return observer.observe(fingerprint, wanted, Deadline.in(timeout));
    }

    /**
     * Takes over this node's own parameters, rules, recovery settings and options of programs; what else is in it must be as it
     * was. The view has no fingerprint of the configuration then, until it has been applied again.
     */
    public void reconfigure(PgConfig changed) {
        files.reconfigure(changed);
        baseBackup.reconfigure(changed);
        rewind.reconfigure(changed);
        reconfigured = true;
    }

    /** Why a running server does not let us in, if that is on account of user, password or pg_hba.conf. Asked at the start. */
    public Optional<String> refusal(Duration timeout) throws PostgresException {
        Optional<ProcFs.Stat> postmaster = process.postmaster();
        if (postmaster.isEmpty() || folder.state() != DataDir.PRESENT) {
            return Optional.empty();
        }
        PgProbe.Answer answer =
                probe.look(postmaster.get().id(), PgVersions.ofFolder(config.dataDir()), Deadline.in(timeout));
        return answer.outcome() == PgProbe.Outcome.REFUSED ? answer.trouble() : Optional.empty();
    }

    /** Set when a server that this process started, and never was let in by, has nothing to replay that could change that. */
    public Optional<String> lockedOut() {
        return lockedOut;
    }

    @Override
    public void onExit(Runnable hint) {
        process.onExit(hint);
    }

    @Override
    public void initialize(Duration timeout) throws PostgresException, InterruptedException {
        process.requireStopped("making a new data folder");
        initdb.run(Deadline.in(timeout));
    }

    @Override
    public void checkpoint(Duration timeout) throws PostgresException, InterruptedException {
        sql.runLong("writing a checkpoint", Deadline.in(timeout), statement -> {
            statement.execute("CHECKPOINT");
            return null;
        });
    }

    @Override
    public void startPrimary(PostgresSettings settings, Duration timeout)
            throws PostgresException, InterruptedException {
        start(settings, PgConfigFiles.Role.PRIMARY, Deadline.in(timeout));
    }

    @Override
    public void startReplica(PostgresSettings settings, Optional<Upstream> upstream, Duration timeout)
            throws PostgresException, InterruptedException {
        start(settings, PgConfigFiles.Role.standbyOf(upstream), Deadline.in(timeout));
    }

    /** What changed while they are written is for the next time; and so is all of it, if they cannot be. */
    private boolean writeFiles(PostgresSettings settings, PgConfigFiles.Role role, Deadline deadline)
            throws PostgresException, InterruptedException {
        boolean wasReconfigured = reconfigured;
        reconfigured = false;
        boolean written = false;
        try {
            boolean changed = files.write(settings, role, deadline);
            written = true;
            return changed;
        } finally {
            if (wasReconfigured && !written) {
                reconfigured = true;
            }
        }
    }

    private void start(PostgresSettings settings, PgConfigFiles.Role role, Deadline deadline)
            throws PostgresException, InterruptedException {
        requirePresent();
        Optional<ProcFs.Stat> running = process.postmaster();
        if (running.isPresent()) {
            continueStart(running.get(), settings, role, deadline);
            return;
        }
        rewind.requireWhole(controlData, deadline);
        writeFiles(settings, role, deadline);
        List<String> arguments =
                new ArrayList<>(List.of("-D", config.dataDir().toString(), "--config-file=" + files.conf()));
        arguments.addAll(Gucs.arguments(commandLine(settings, role.standby(), deadline)));
        process.start(arguments, deadline);
        applied = Optional.of(settings);
        awaitOpen(role, deadline);
        files.copyAside();
    }

    /** It runs already: then in the wanted role, or this is a call at the wrong time. */
    private void continueStart(
            ProcFs.Stat running, PostgresSettings settings, PgConfigFiles.Role role, Deadline deadline)
            throws PostgresException, InterruptedException {
        boolean standby = files.isStandby();
        if (standby != role.standby()) {
            throw new PostgresException("cannot start as " + (role.standby() ? "standby" : "primary") + ": postmaster "
                    + running.pid() + " is running as " + (standby ? "standby" : "primary"));
        }
        awaitOpen(role, deadline);
        follow(settings, role, deadline);
    }

    /** A standby with less room for connections than its primary had refuses to replay; pg_control says what that had. */
    private SortedMap<String, String> commandLine(PostgresSettings settings, boolean standby, Deadline deadline)
            throws PostgresException, InterruptedException {
        SortedMap<String, String> values = Gucs.controlled(settings.parameters(), config);
        if (!standby) {
            return values;
        }
        ControlData.Listing listing = controlData.listing(deadline, Duration.ZERO);
        for (Map.Entry<String, String> guc : Gucs.IN_CONTROL_FILE.entrySet()) {
            long needed = listing.number(guc.getValue());
            long configured = Conversions.integer(values.get(guc.getKey()), "").orElse(0L);
            if (needed > configured) {
                LOG.warn(
                        "{} value in pg_controldata: {}, in the global configuration: {}. pg_controldata value will be used."
                                + " Setting 'Pending restart' flag",
                        guc.getKey(),
                        needed,
                        configured);
                values.put(guc.getKey(), Long.toString(needed));
            }
        }
        return values;
    }

    private void awaitOpen(PgConfigFiles.Role role, Deadline deadline) throws PostgresException, InterruptedException {
        int major = PgVersions.ofFolder(config.dataDir());
        Role wanted = role.standby() ? Role.REPLICA : Role.PRIMARY;
        String trouble = "";
        while (true) {
            Optional<ProcFs.Stat> postmaster = process.postmaster();
            if (postmaster.isEmpty()) {
                throw new PostgresException("PostgreSQL ended while starting: " + process.lastWords());
            }
            PgProbe.Answer answer = probe.look(postmaster.get().id(), major, deadline);
            if (Thread.interrupted()) {
                throw new InterruptedException("waiting for PostgreSQL to let clients in");
            }
            // A primary that crashed is in recovery first, and lets nobody in until it has ended.
            if (answer.row().filter(row -> row.role() == wanted).isPresent()) {
                wasLetIn = true;
                return;
            }
            String former = trouble;
            trouble = answer.trouble().orElse("it is not yet a " + wanted);
            if (answer.outcome() == PgProbe.Outcome.REFUSED) {
                refused(role, trouble, former);
            }
            if (deadline.hasPassed()) {
                throw new PostgresException("PostgreSQL did not let us in in time: " + trouble);
            }
            deadline.pause(POLL);
        }
    }

    /** A standby of somebody may yet receive the user or the password that it lacks; any other server stays as it is. */
    private void refused(PgConfigFiles.Role role, String trouble, String former)
            throws PostgresException, InterruptedException {
        if (role.upstream().isEmpty()) {
            stop(StopMode.FAST, STOP_AGAIN);
            String outcome = trouble + ". PostgreSQL was stopped again.";
            lockedOut = wasLetIn ? Optional.empty() : Optional.of(outcome);
            throw new PostgresException(outcome);
        }
        if (!trouble.equals(former)) {
            LOG.warn("{}", trouble);
        }
    }

    @Override
    public void follow(PostgresSettings settings, Optional<Upstream> upstream, Duration timeout)
            throws PostgresException, InterruptedException {
        requirePresent();
        if (!files.isStandby()) {
            throw new PostgresException("cannot follow another node: this one does not run as a standby");
        }
        follow(settings, PgConfigFiles.Role.standbyOf(upstream), Deadline.in(timeout));
    }

    private void follow(PostgresSettings settings, PgConfigFiles.Role role, Deadline deadline)
            throws PostgresException, InterruptedException {
        Optional<String> conninfo = files.value("primary_conninfo");
        Optional<String> slot = files.value("primary_slot_name");
        Optional<String> restore = files.value("restore_command");
        writeFiles(settings, role, deadline);
        applied = Optional.of(settings);
        int major = PgVersions.ofFolder(config.dataDir());
        boolean upstreamChanged =
                !conninfo.equals(files.value("primary_conninfo")) || !slot.equals(files.value("primary_slot_name"));
        boolean restart = upstreamChanged && !PgVersions.CONNINFO_RELOADABLE.isIn(major)
                || !restore.equals(files.value("restore_command"))
                        && !PgVersions.RESTORE_COMMAND_RELOADABLE.isIn(major);
        if (restart) {
            stop(StopMode.FAST, deadline.left());
            start(settings, role, deadline);
        } else {
            // Also when nothing changed: whoever wrote the files before may have been stopped before this.
            reload(deadline);
        }
    }

    @Override
    public void applyConfiguration(PostgresSettings settings, Duration timeout)
            throws PostgresException, InterruptedException {
        requirePresent();
        Deadline deadline = Deadline.in(timeout);
        boolean changed = writeFiles(settings, files.role(), deadline);
        // The files of an earlier agent may be right and never have been read.
        boolean first = applied.isEmpty();
        applied = Optional.of(settings);
        if (changed || first) {
            reload(deadline);
        }
    }

    private void reload(Deadline deadline) throws PostgresException, InterruptedException {
        Optional<ProcFs.Stat> postmaster = process.postmaster();
        if (postmaster.isPresent()) {
            LOG.info("PostgreSQL reads its configuration anew");
            process.signal("HUP", postmaster.get(), deadline);
        }
    }

    @Override
    public void stop(StopMode mode, Duration timeout) throws PostgresException, InterruptedException {
        probe.close();
        process.stop(mode, Deadline.in(timeout));
    }

    @Override
    public void promote(Duration timeout) throws PostgresException, InterruptedException {
        Deadline deadline = Deadline.in(timeout);
        String marked = process.postmaster()
                .orElseThrow(() -> new PostgresException("cannot promote: PostgreSQL does not run"))
                .id();
        promotion.set(marked);
        sql.runLong("promoting", deadline, statement -> {
            if ("f".equals(LocalSql.text(statement, "SELECT pg_is_in_recovery()"))) {
                return null;
            }
            String received = LocalSql.text(statement, "SELECT pg_last_wal_receive_lsn()");
            String replayed = LocalSql.text(statement, "SELECT pg_last_wal_replay_lsn()");
            LOG.info("promoting: received up to {}, replayed up to {}", received, replayed);
            // The connection is there, so it is to this server or to an earlier one: never to one that nobody asked.
            if (!process.postmaster().map(server -> server.id().equals(marked)).orElse(false)) {
                throw new PostgresException("not promoting: PostgreSQL was restarted meanwhile");
            }
            LocalSql.text(statement, "SELECT pg_promote(false)");
            while ("t".equals(LocalSql.text(statement, "SELECT pg_is_in_recovery()"))) {
                deadline.require("promoting");
                deadline.pause(PROMOTE_POLL);
            }
            LOG.info("promoted, writing from {}", LocalSql.text(statement, "SELECT pg_current_wal_lsn()"));
            return null;
        });
    }

    @Override
    public boolean wasAskedToPromote() {
        return process.postmaster().map(server -> promotion.names(server.id())).orElse(false);
    }

    @Override
    public void cloneFrom(Upstream source, Duration timeout) throws PostgresException, InterruptedException {
        process.requireStopped("cloning into it");
        Deadline deadline = Deadline.in(timeout);
        baseBackup.run(source, deadline);
        files.restoreMissing();
        // Should we be asked for our role before the first start: this is a copy, never a primary of its own.
        files.write(applied.orElse(PostgresSettings.NONE), PgConfigFiles.Role.standbyOf(Optional.of(source)), deadline);
        folder.finished();
    }

    @Override
    public Divergence compareWith(Upstream leader, Duration timeout) throws PostgresException, InterruptedException {
        requirePresent();
        if (folder.isHalfRewound() && process.postmaster().isEmpty()) {
            return Divergence.DIVERGED;
        }
        return timelineCheck.compare(process.postmaster().isPresent(), leader, Deadline.in(timeout));
    }

    @Override
    public void rewindFrom(Upstream leader, Duration timeout) throws PostgresException, InterruptedException {
        requirePresent();
        process.requireStopped("rewinding it");
        Deadline deadline = Deadline.in(timeout);
        if (!folder.isHalfRewound()) {
            // pg_rewind would recover a crashed folder itself, but not one that still asks for standby, and not before
            // 13.
            recoverCrash(deadline.left());
        }
        rewind.run(leader, deadline);
        files.write(applied.orElse(PostgresSettings.NONE), PgConfigFiles.Role.standbyOf(Optional.of(leader)), deadline);
    }

    @Override
    public void recoverCrash(Duration timeout) throws PostgresException, InterruptedException {
        requirePresent();
        process.requireStopped("recovering it");
        Deadline deadline = Deadline.in(timeout);
        process.clearTheWay(deadline);
        crashRecovery.run(commandLine(applied.orElse(PostgresSettings.NONE), true, deadline), deadline);
    }

    @Override
    public void setAside() throws PostgresException, InterruptedException {
        process.requireStopped("setting it aside");
        folder.setAside();
    }

    @Override
    public void removeData() throws PostgresException, InterruptedException {
        process.requireStopped("deleting it");
        folder.remove();
    }

    @Override
    public void syncSlots(SlotPlan plan, Duration timeout) throws PostgresException, InterruptedException {
        slots.sync(plan, Deadline.in(timeout));
    }

    private void requirePresent() throws PostgresException {
        DataDir state = folder.state();
        if (state != DataDir.PRESENT) {
            throw new PostgresException("there is no complete data folder at " + config.dataDir() + ", it is " + state);
        }
    }

    /** Ends this object's threads and connections. The server goes on. */
    @Override
    public void close() {
        probe.close();
        process.close();
    }
}
