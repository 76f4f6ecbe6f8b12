package org.pgregent.pg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pgregent.pg.PgFixture.LONG;
import static org.pgregent.pg.PgFixture.await;
import static org.pgregent.pg.PgFixture.signal;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.PostgresSettings;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.PostgresView.DataDir;
import org.pgregent.core.model.PostgresView.Process;
import org.pgregent.core.model.Role;
import org.pgregent.core.model.SlotPlan;
import org.pgregent.core.model.TaskView.Divergence;
import org.pgregent.core.model.Timeline;
import org.pgregent.core.model.Upstream;
import org.pgregent.core.port.Postgres.StopMode;
import org.pgregent.core.port.PostgresException;

/** The adapter on a real PostgreSQL. */
class PgPostgresIT {

    @TempDir
    Path folder;

    private PgFixture a;
    private PgFixture b;

    @BeforeEach
    void makeNodes() throws Exception {
        a = new PgFixture(folder, "a");
        b = new PgFixture(folder, "b");
    }

    @AfterEach
    void removeNodes() throws Exception {
        b.close();
        a.close();
    }

    private static PostgresSettings settings(Map<String, String> parameters) {
        return new PostgresSettings(new TreeMap<>(parameters), Map.of(), List.of());
    }

    private void slotFor(PgFixture upstream, PgFixture standby) throws Exception {
        upstream.postgres.syncSlots(
                new SlotPlan(List.of(standby.config.name().slotName()), List.of(), new TreeMap<>()), LONG);
    }

    private void cloneAndStart(PgFixture source, PgFixture standby) throws Exception {
        slotFor(source, standby);
        standby.postgres.cloneFrom(source.upstream(), LONG);
        standby.postgres.startReplica(PostgresSettings.NONE, Optional.of(source.upstream()), LONG);
        await("streaming", () -> standby.view().isStreaming());
    }

    private static void copyByHand(PgFixture source, PgFixture target) throws Exception {
        PgConfig.Credentials user = PgFixture.USERS.replication();
        ProcessBuilder builder = new ProcessBuilder(
                new Programs(source.config.folders().binDir(), Map.of())
                        .find("pg_basebackup")
                        .toString(),
                "-D",
                target.dataDir().toString(),
                "-h",
                "127.0.0.1",
                "-p",
                Integer.toString(source.config.network().port()),
                "-U",
                user.username(),
                "-X",
                "stream",
                "-c",
                "fast");
        builder.environment().put("PGPASSWORD", user.password().orElseThrow());
        assertThat(builder.inheritIO().start().waitFor()).isZero();
    }

    private static void awaitReplayed(PgFixture source, PgFixture standby) throws Exception {
        Lsn written = source.view().wal().position().orElseThrow();
        await("replayed", () -> standby.view().wal().replayed().orElse(Lsn.ZERO).compareTo(written) >= 0);
    }

    @Test
    void wholeLife() throws Exception {
        assertThat(a.view().dataDir()).isEqualTo(DataDir.EMPTY);
        a.primary();
        PostgresView view = a.view();
        assertThat(view.trouble()).isEmpty();
        assertThat(view.dataDir()).isEqualTo(DataDir.PRESENT);
        assertThat(view.process()).isEqualTo(Process.RUNNING);
        assertThat(view.role()).contains(Role.PRIMARY);
        assertThat(view.wal().timeline()).contains(new Timeline(1));
        assertThat(view.control()).isPresent();
        assertThat(view.control().get().rewindable()).isTrue();
        assertThat(view.configuration()).contains(PostgresSettings.NONE.fingerprint());
        assertThat(view.pendingRestart()).isEmpty();
        assertThat(a.ask("SHOW cluster_name")).isEqualTo("it's a scope");
        assertThat(a.ask("SHOW wal_log_hints")).isEqualTo("on");
        assertThat(a.ask("SHOW wal_keep_size")).as("not for the local file").isEqualTo("128MB");

        a.sql("CREATE TABLE t AS SELECT 1 AS x");
        cloneAndStart(a, b);
        awaitReplayed(a, b);
        assertThat(b.ask("SELECT count(*) FROM t")).isEqualTo("1");
        PostgresView standby = b.view();
        assertThat(standby.role()).contains(Role.REPLICA);
        assertThat(standby.standbySignal()).isTrue();
        assertThat(standby.upstream()).contains(a.upstream());
        assertThat(standby.systemId()).isEqualTo(view.systemId());
        assertThat(a.view().replicas()).hasSize(1);
        assertThat(a.view().replicas().get(0).applicationName()).isEqualTo("b");
        assertThat(a.view().slots())
                .hasSize(1)
                .allMatch(
                        slot -> slot.active() && slot.physical() && slot.name().equals("b"));
        assertThat(b.postgres.compareWith(a.upstream(), LONG)).isEqualTo(Divergence.NONE);

        promoteAndDiverge();
        rewindAndRejoin();
    }

    /** The old primary goes on writing after the new one was promoted. */
    private void promoteAndDiverge() throws Exception {
        assertThat(b.postgres.wasAskedToPromote()).isFalse();
        b.postgres.promote(LONG);
        b.postgres.promote(LONG);
        try (PgPostgres next = new PgPostgres(b.config)) {
            assertThat(next.wasAskedToPromote())
                    .as("to the next process of the agent")
                    .isTrue();
        }
        PostgresView view = b.view();
        assertThat(view.role()).contains(Role.PRIMARY);
        assertThat(view.standbySignal()).isFalse();
        assertThat(view.wal().timeline()).contains(new Timeline(2));
        assertThat(view.history()).hasSize(1);
        assertThat(view.history().get(0).timeline()).isEqualTo(new Timeline(1));
        a.sql("INSERT INTO t VALUES (666)");
        b.sql("INSERT INTO t VALUES (2)");
        a.postgres.stop(StopMode.FAST, LONG);
        a.postgres.stop(StopMode.FAST, LONG);
        assertThat(a.view().process()).isEqualTo(Process.STOPPED);
        assertThat(a.living()).isEmpty();
    }

    private void rewindAndRejoin() throws Exception {
        assertThat(a.postgres.compareWith(b.upstream(), LONG)).isEqualTo(Divergence.DIVERGED);
        slotFor(b, a);
        a.postgres.rewindFrom(b.upstream(), LONG);
        assertThat(a.view().standbySignal()).isTrue();
        a.postgres.startReplica(PostgresSettings.NONE, Optional.of(b.upstream()), LONG);
        await("streaming again", () -> a.view().isStreaming());
        awaitReplayed(b, a);
        assertThat(a.ask("SELECT string_agg(x::text, ',' ORDER BY x) FROM t")).isEqualTo("1,2");
        assertThat(a.ask("SHOW port"))
                .isEqualTo(Integer.toString(a.config.network().port()));
        assertThat(a.postgres.compareWith(b.upstream(), LONG)).isEqualTo(Divergence.NONE);
    }

    @Test
    void aPrimaryThatWasShutDownAfterItsStandbyHadAllHasNotDiverged() throws Exception {
        a.primary();
        cloneAndStart(a, b);
        a.postgres.stop(StopMode.FAST, LONG);
        b.postgres.promote(LONG);
        assertThat(a.postgres.compareWith(b.upstream(), LONG)).isEqualTo(Divergence.NONE);
        slotFor(b, a);
        a.postgres.startReplica(PostgresSettings.NONE, Optional.of(b.upstream()), LONG);
        await("streaming without a rewind", () -> a.view().isStreaming());
        assertThat(a.view().wal().timeline()).contains(new Timeline(2));
    }

    @Test
    void aCrashedPrimaryIsRecoveredComparedAndRewound() throws Exception {
        a.primary();
        cloneAndStart(a, b);
        a.sql("CREATE TABLE t AS SELECT 1 AS x");
        awaitReplayed(a, b);
        b.postgres.promote(LONG);
        a.sql("INSERT INTO t VALUES (666)");
        signal("KILL", a.postmasterPid());
        await("nothing lives", () -> a.living().isEmpty());
        assertThat(a.postgres.compareWith(b.upstream(), LONG)).isEqualTo(Divergence.UNKNOWN);
        a.postgres.recoverCrash(LONG);
        assertThat(a.postgres.compareWith(b.upstream(), LONG)).isEqualTo(Divergence.DIVERGED);
        slotFor(b, a);
        a.postgres.rewindFrom(b.upstream(), LONG);
        a.postgres.startReplica(PostgresSettings.NONE, Optional.of(b.upstream()), LONG);
        await("streaming", () -> a.view().isStreaming());
        assertThat(a.ask("SELECT count(*) FROM t")).isEqualTo("1");
    }

    @Test
    void aStandbyWithoutUpstreamTellsTheTimelineItHasReplayedAndNotWhatPgControlStillSays() throws Exception {
        a.primary();
        a.postgres.stop(StopMode.FAST, LONG);
        a.postgres.startReplica(PostgresSettings.NONE, Optional.empty(), LONG);
        a.postgres.promote(LONG);
        a.postgres.checkpoint(LONG);
        cloneAndStart(a, b);
        // Another switch, which b follows while it streams, without a restart point after it.
        a.postgres.stop(StopMode.FAST, LONG);
        a.postgres.startReplica(PostgresSettings.NONE, Optional.empty(), LONG);
        a.postgres.promote(LONG);
        a.sql("CREATE TABLE t AS SELECT 1 AS x");
        awaitReplayed(a, b);
        a.postgres.stop(StopMode.IMMEDIATE, LONG);
        await("the stream has ended", () -> !b.view().isStreaming());
        assertThat(b.view().wal().timeline()).contains(new Timeline(3));
    }

    /** Made by hand, without the wish to be a standby: single-user mode could not make it whole. */
    @Test
    void aCopyWithABackupLabelGoesOnAsAStandby() throws Exception {
        a.primary();
        slotFor(a, b);
        copyByHand(a, b);
        assertThat(b.view().standbySignal()).isFalse();

        b.postgres.recoverCrash(LONG);

        assertThat(b.view().standbySignal()).isTrue();
        b.postgres.startReplica(PostgresSettings.NONE, Optional.of(a.upstream()), LONG);
        await("streaming", () -> b.view().isStreaming());
    }

    @Test
    void aCrashedStandbyIsRewound() throws Exception {
        a.primary();
        cloneAndStart(a, b);
        a.sql("CREATE TABLE t AS SELECT 1 AS x");
        awaitReplayed(a, b);
        signal("KILL", b.postmasterPid());
        await("nothing lives", () -> b.living().isEmpty());
        assertThat(b.view().control().orElseThrow().state()).isEqualTo("in archive recovery");
        // History goes on elsewhere: on one timeline there is nothing to rewind.
        a.postgres.stop(StopMode.FAST, LONG);
        a.postgres.startReplica(PostgresSettings.NONE, Optional.empty(), LONG);
        a.postgres.promote(LONG);
        a.postgres.checkpoint(LONG);
        b.postgres.rewindFrom(a.upstream(), LONG);
        b.postgres.startReplica(PostgresSettings.NONE, Optional.of(a.upstream()), LONG);
        await("streaming", () -> b.view().isStreaming());
    }

    @Test
    void aFollowerIsPointedElsewhereWithoutARestart() throws Exception {
        a.primary();
        cloneAndStart(a, b);
        Optional<String> postmaster = b.view().postmasterId();
        Upstream renamed =
                new Upstream(a.upstream().name(), "localhost", a.upstream().port(), "postgres");
        b.postgres.follow(PostgresSettings.NONE, Optional.of(renamed), LONG);
        await("follows the other name", () -> b.view().upstream().equals(Optional.of(renamed)));
        await("streaming", () -> b.view().isStreaming());
        b.postgres.follow(PostgresSettings.NONE, Optional.empty(), LONG);
        await("follows nobody", () -> b.view().upstream().isEmpty() && !b.view().isStreaming());
        assertThat(b.view().postmasterId()).isEqualTo(postmaster);
    }

    @Test
    void tellsSoonThatThePostmasterWasKilledAndRecoversTheCrash() throws Exception {
        a.primary();
        a.sql("CREATE TABLE t AS SELECT 1 AS x");
        CountDownLatch hint = new CountDownLatch(1);
        a.postgres.onExit(hint::countDown);
        signal("KILL", a.postmasterPid());
        assertThat(hint.await(60, TimeUnit.SECONDS)).isTrue();
        await("nothing lives", () -> a.living().isEmpty());
        PostgresView view = a.view();
        assertThat(view.process()).isEqualTo(Process.STOPPED);
        assertThat(view.control().orElseThrow().crashedAsPrimary()).isTrue();

        a.postgres.recoverCrash(LONG);
        a.postgres.recoverCrash(LONG);
        assertThat(a.view().control().orElseThrow().cleanlyShutDown()).isTrue();
        assertThat(a.living()).isEmpty();
        a.postgres.startPrimary(PostgresSettings.NONE, LONG);
        assertThat(a.ask("SELECT x FROM t")).isEqualTo("1");
    }

    @Test
    void orphansOfAKilledPostmasterDoNotOutliveIt() throws Exception {
        a.primary();
        long backend = Long.parseLong(a.ask("SELECT pg_backend_pid()"));
        try (Connection connection = a.connect();
                Statement statement = connection.createStatement()) {
            backend = Long.parseLong(LocalSql.text(statement, "SELECT pg_backend_pid()"));
            signal("STOP", backend);
            signal("KILL", a.postmasterPid());
            await("nothing lives", () -> a.living().isEmpty());
        }
        assertThat(ProcFs.stat(backend).filter(ProcFs.Stat::isAlive)).isEmpty();
        a.postgres.startPrimary(PostgresSettings.NONE, LONG);
        assertThat(a.view().isPrimary()).isTrue();
    }

    @Test
    void adoptsARunningPostmaster() throws Exception {
        a.primary();
        try (PgPostgres second = new PgPostgres(a.config)) {
            PostgresView view = second.observe(LONG);
            assertThat(view.isPrimary()).isTrue();
            assertThat(view.postmasterId()).isEqualTo(a.view().postmasterId());
            assertThat(view.configuration()).isEmpty();
            second.startPrimary(PostgresSettings.NONE, LONG);
            CountDownLatch hint = new CountDownLatch(1);
            second.onExit(hint::countDown);
            second.stop(StopMode.FAST, LONG);
            assertThat(hint.await(60, TimeUnit.SECONDS)).isTrue();
            assertThat(second.observe(LONG).process()).isEqualTo(Process.STOPPED);
            assertThat(second.observe(LONG).control().orElseThrow().state()).isEqualTo("shut down");
        }
    }

    @Test
    void stopsWhatHangs() throws Exception {
        a.primary();
        signal("STOP", a.postmasterPid());
        assertThatThrownBy(() -> a.postgres.stop(StopMode.FAST, Duration.ofSeconds(1)))
                .isInstanceOf(PostgresException.class);
        PostgresView view = a.postgres.observe(Duration.ofSeconds(1));
        assertThat(view.process()).isNotEqualTo(Process.STOPPED);
        assertThat(view.role()).isEmpty();
        assertThat(view.trouble()).isPresent();
        a.postgres.stop(StopMode.IMMEDIATE, Duration.ofSeconds(20));
        assertThat(a.living()).isEmpty();
    }

    @Test
    void anInterruptEndsAWaitAndLeavesNoProgramBehind() throws Exception {
        a.primary();
        signal("STOP", a.postmasterPid());
        Thread thread = new Thread(() -> {
            try {
                b.postgres.cloneFrom(a.upstream(), LONG);
            } catch (PostgresException | InterruptedException expected) {
                Thread.currentThread().interrupt();
            }
        });
        thread.start();
        await("the clone has begun", () -> b.view().dataDir() != DataDir.PRESENT && programs("pg_basebackup") > 0);
        thread.interrupt();
        thread.join(LONG.toMillis());
        assertThat(thread.isAlive()).isFalse();
        assertThat(programs("pg_basebackup")).isZero();
        signal("CONT", a.postmasterPid());
    }

    private static long programs(String name) {
        return ProcFs.all().stream().filter(stat -> stat.name().equals(name)).count();
    }

    @Test
    void onlyAnEmptyOrUnfinishedFolderIsFilled() throws Exception {
        Files.createDirectories(a.dataDir());
        Path precious = Files.writeString(a.dataDir().resolve("precious"), "data");
        assertThat(a.view().dataDir()).isEqualTo(DataDir.INVALID);
        assertThatThrownBy(() -> a.postgres.initialize(LONG)).isInstanceOf(PostgresException.class);
        assertThatThrownBy(() -> a.postgres.cloneFrom(b.upstream(), LONG)).isInstanceOf(PostgresException.class);
        assertThat(precious).exists();
        Files.delete(precious);

        b.primary();
        assertThatThrownBy(() -> b.postgres.initialize(LONG)).isInstanceOf(PostgresException.class);
        b.postgres.stop(StopMode.FAST, LONG);
        assertThatThrownBy(() -> b.postgres.initialize(LONG)).isInstanceOf(PostgresException.class);
        b.postgres.setAside();
        assertThat(b.view().dataDir()).isEqualTo(DataDir.EMPTY);
        assertThat(b.dataDir().resolveSibling("data.failed").resolve("PG_VERSION"))
                .exists();

        // A clone whose source cannot be reached leaves what may be filled again.
        assertThatThrownBy(() -> a.postgres.cloneFrom(b.upstream(), Duration.ofSeconds(4)))
                .isInstanceOf(PostgresException.class);
        assertThat(a.view().dataDir()).isIn(DataDir.EMPTY, DataDir.UNFINISHED);
        Files.writeString(a.dataDir().resolve("half"), "of something");
        assertThat(a.view().dataDir()).isEqualTo(DataDir.UNFINISHED);
        a.primary();
        assertThat(a.view().isPrimary()).isTrue();
        assertThat(a.dataDir().resolve("half")).doesNotExist();
    }

    @Test
    void configurationIsAppliedAndWhatWaitsForARestartIsTold() throws Exception {
        a.primary();
        PostgresSettings settings = settings(Map.of(
                "work_mem",
                "7MB",
                "max_connections",
                "150",
                "shared_preload_libraries",
                "",
                "wal_buffers",
                "2MB",
                "no_such_parameter",
                "1",
                "log_statement",
                "nonsense"));
        a.postgres.applyConfiguration(settings, LONG);
        await("reloaded", () -> a.ask("SHOW work_mem").equals("7MB"));
        await("noticed", () -> a.view().pendingRestart().size() == 2);
        PostgresView view = a.view();
        assertThat(view.configuration()).contains(settings.fingerprint());
        assertThat(view.pendingRestart()).containsKeys("max_connections", "wal_buffers");
        assertThat(view.pendingRestart().get("max_connections").newValue()).isEqualTo("150");
        a.postgres.stop(StopMode.FAST, LONG);
        a.postgres.startPrimary(settings, LONG);
        assertThat(a.ask("SHOW max_connections")).isEqualTo("150");
        assertThat(a.view().pendingRestart()).isEmpty();

        // A standby has at least what its primary has, whatever is configured.
        slotFor(a, b);
        b.postgres.cloneFrom(a.upstream(), LONG);
        b.postgres.startReplica(PostgresSettings.NONE, Optional.of(a.upstream()), LONG);
        assertThat(b.ask("SHOW max_connections")).isEqualTo("150");
        assertThat(b.view().pendingRestart()).containsKey("max_connections");
    }

    @Test
    void slotsAreMadeAdvancedAndDropped() throws Exception {
        a.primary();
        a.postgres.syncSlots(new SlotPlan(List.of("one", "two"), List.of(), new TreeMap<>()), LONG);
        a.postgres.syncSlots(new SlotPlan(List.of("one", "two"), List.of(), new TreeMap<>()), LONG);
        assertThat(a.view().slots()).hasSize(2).allMatch(slot -> slot.restartLsn()
                .isPresent());
        a.sql("SELECT pg_switch_wal()");
        Lsn target = a.view().wal().position().orElseThrow();
        a.postgres.syncSlots(
                new SlotPlan(List.of(), List.of("two", "none"), new TreeMap<>(Map.of("one", target))), LONG);
        assertThat(a.view().slots()).singleElement().satisfies(slot -> {
            assertThat(slot.name()).isEqualTo("one");
            assertThat(slot.restartLsn()).contains(target);
        });
    }

    @Test
    void saysWhoIsNotLetIn() throws Exception {
        a.primary();
        a.sql("ALTER ROLE postgres PASSWORD 'another'");
        try (PgPostgres second = new PgPostgres(a.config)) {
            PostgresView view = second.observe(LONG);
            assertThat(view.process()).isEqualTo(Process.RUNNING);
            assertThat(view.role()).isEmpty();
            assertThat(view.trouble().orElseThrow()).contains("postgresql.authentication.superuser");
        }
    }

    /** A start as primary, or as standby of nobody: nothing will come that lets us in. */
    @Test
    void stopsAgainWhatItStartedAndIsNotLetInBy() throws Exception {
        a.primary();
        a.sql("ALTER ROLE postgres PASSWORD 'another'");
        a.postgres.stop(StopMode.FAST, LONG);
        assertThatThrownBy(() -> a.postgres.startPrimary(PostgresSettings.NONE, LONG))
                .isInstanceOf(PostgresException.class)
                .hasMessageContaining("postgresql.authentication.superuser")
                .hasMessageContaining("stopped again");
        assertThat(a.view().process()).isEqualTo(Process.STOPPED);
        assertThat(a.postgres.lockedOut()).as("it was let in before").isEmpty();
        try (PgPostgres second = new PgPostgres(a.config)) {
            assertThatThrownBy(() -> second.startReplica(PostgresSettings.NONE, Optional.empty(), LONG))
                    .hasMessageContaining("stopped again");
            assertThat(second.lockedOut().orElseThrow()).contains("postgresql.authentication.superuser");
        }
    }

    @Test
    void aPidTakenByAnotherProcessDoesNotKeepItFromStarting() throws Exception {
        a.primary();
        a.postgres.stop(StopMode.IMMEDIATE, LONG);
        java.lang.Process other = new ProcessBuilder("sleep", "600").start();
        try {
            String lock = other.pid() + "\n" + a.dataDir() + "\n1\n"
                    + a.config.network().port() + "\n\n127.0.0.1\n\n\n";
            Files.writeString(a.dataDir().resolve("postmaster.pid"), lock);
            assertThat(a.view().process()).isEqualTo(Process.STOPPED);
            a.postgres.startPrimary(PostgresSettings.NONE, LONG);
            assertThat(a.view().isPrimary()).isTrue();
            assertThat(other.isAlive()).isTrue();
        } finally {
            other.destroyForcibly().waitFor();
        }
    }
}
