package org.pgregent.pg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgregent.pg.PgFixture.LONG;
import static org.pgregent.pg.PgFixture.await;
import static org.pgregent.pg.PgFixture.signal;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.core.model.GuardView;
import org.pgregent.core.model.PostgresSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The guard on a real PostgreSQL. */
class GuardIT {

    private static final Logger LOG = LoggerFactory.getLogger(GuardIT.class);
    private static final Duration MARGIN = Duration.ofSeconds(2);
    private static final BootClock CLOCK = new BootClock();

    @TempDir
    Path folder;

    private PgFixture node;

    @BeforeEach
    void makeNode() throws Exception {
        node = new PgFixture(folder, "a");
    }

    @AfterEach
    void removeNode() throws Exception {
        node.close();
        await("no guard is left", () -> guards(folder) == 0);
    }

    private static long guards(Path folder) {
        return ProcFs.all().stream()
                .filter(stat -> ProcFs.title(stat.pid()).contains("guard.sh " + folder))
                .count();
    }

    private static long in(Duration time) {
        return CLOCK.monotonicNanos() + time.toNanos();
    }

    private Path guardFile(String name) {
        return node.config.folders().stateDir().resolve("guard").resolve(name);
    }

    private long guardPid() throws Exception {
        return Long.parseLong(Files.readString(guardFile("pid")).split(" ")[0]);
    }

    /** Waits for the deadline to be met, and tells how long after D - G it was. */
    private Duration killedBy(long deadline) throws Exception {
        await("PostgreSQL is gone", () -> node.living().isEmpty());
        long ended = CLOCK.monotonicNanos();
        // The last process ended up to one look before.
        assertThat(ended).as("nothing lives at the deadline").isLessThanOrEqualTo(deadline);
        Duration took = Duration.ofNanos(ended - (deadline - MARGIN.toNanos()));
        assertThat(took).as("it was left alone until D - G").isPositive();
        LOG.info("MEASURED dead {} ms after D - G, {} ms before D", took.toMillis(), (deadline - ended) / 1_000_000);
        return took;
    }

    @Test
    void killsAtTheDeadlineAndTellsItsState() throws Exception {
        assertThat(node.guard.observe()).isEqualTo(GuardView.ABSENT);
        assertThat(node.guard.arm(in(LONG), MARGIN, LONG)).as("without a guard").isFalse();
        node.primary();
        assertThat(node.guard.ensure(LONG)).isTrue();
        assertThat(node.guard.ensure(LONG)).isTrue();
        assertThat(node.guard.observe().isArmed()).isFalse();
        assertThat(node.guard.observe().alive()).isTrue();
        long deadline = in(Duration.ofSeconds(4));
        assertThat(node.guard.arm(deadline, MARGIN, LONG)).isTrue();
        assertThat(node.guard.observe().deadlineNanos()).contains(deadline);
        long earlier = deadline - 1_000_000_000;
        assertThat(node.guard.arm(earlier, MARGIN, LONG))
                .as("an earlier one, of a shorter lease")
                .isTrue();
        assertThat(node.guard.observe().deadlineNanos()).contains(earlier);
        killedBy(earlier);
        // A backend asked to quit goes at once: the margin's second half was not needed.
        assertThat(node.view().control().orElseThrow().crashedAsPrimary()).isTrue();
    }

    @Test
    void killsStoppedProcessesWithManyBackends() throws Exception {
        node.primary();
        List<Connection> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 50; i++) {
                clients.add(node.connect());
            }
            try (Statement statement = clients.get(0).createStatement()) {
                signal("STOP", Long.parseLong(LocalSql.text(statement, "SELECT pg_backend_pid()")));
            }
            signal("STOP", node.postmasterPid());
            node.guard.ensure(LONG);
            long deadline = in(Duration.ofSeconds(4));
            assertThat(node.guard.arm(deadline, MARGIN, LONG)).isTrue();
            killedBy(deadline);
        } finally {
            for (Connection client : clients) {
                client.abort(Runnable::run);
            }
        }
    }

    @Test
    void killsAndTakesItsTurnUnderLoad() throws Exception {
        node.primary();
        List<Process> load = new ArrayList<>();
        List<Connection> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 50; i++) {
                clients.add(node.connect());
            }
            for (int i = 0; i < 4; i++) {
                load.add(new ProcessBuilder("bash", "-c", "while :; do :; done").start());
            }
            node.guard.ensure(LONG);
            long deadline = in(Duration.ofSeconds(5));
            assertThat(node.guard.arm(deadline, MARGIN, LONG)).isTrue();
            killedBy(deadline);
        } finally {
            load.forEach(Process::destroyForcibly);
            for (Connection client : clients) {
                client.abort(Runnable::run);
            }
        }
    }

    @Test
    void aRenewedDeadlineKeepsPostgresAlive() throws Exception {
        node.primary();
        node.guard.ensure(LONG);
        long postmaster = node.postmasterPid();
        for (int i = 0; i < 8; i++) {
            assertThat(node.guard.arm(in(Duration.ofSeconds(3)), MARGIN, LONG)).isTrue();
            Thread.sleep(500);
        }
        assertThat(node.ask("SELECT 1")).isEqualTo("1");
        assertThat(node.postmasterPid()).isEqualTo(postmaster);
        assertThat(node.guard.disarm(LONG)).isTrue();
        assertThat(node.guard.observe()).isEqualTo(new GuardView(true, java.util.Optional.empty()));
        Thread.sleep(3500);
        assertThat(node.ask("SELECT 1")).as("disarmed").isEqualTo("1");
        assertThat(node.guard.arm(in(Duration.ofSeconds(20)), MARGIN, LONG))
                .as("an earlier one than before")
                .isTrue();
    }

    @Test
    void keepsKillingWhatIsStartedPastTheDeadlineUntilItIsToldOtherwise() throws Exception {
        node.primary();
        node.guard.ensure(LONG);
        long deadline = in(Duration.ofMillis(2500));
        assertThat(node.guard.arm(deadline, MARGIN, LONG)).isTrue();
        killedBy(deadline);
        Thread.sleep(2000);
        for (int i = 0; i < 2; i++) {
            long started = CLOCK.monotonicNanos();
            Process byHand = startByHand();
            assertThat(byHand.waitFor(LONG.toSeconds(), TimeUnit.SECONDS))
                    .as("it ended")
                    .isTrue();
            assertThat(byHand.exitValue()).as("128 + SIGKILL").isEqualTo(137);
            await("nothing of it lives", () -> node.living().isEmpty());
            LOG.info(
                    "MEASURED new postmaster dead {} ms after its start",
                    (CLOCK.monotonicNanos() - started) / 1_000_000);
        }
        assertThat(node.guard.arm(in(Duration.ofMinutes(5)), MARGIN, LONG)).isTrue();
        node.postgres.startPrimary(PostgresSettings.NONE, LONG);
        Thread.sleep(1500);
        assertThat(node.ask("SELECT 1")).isEqualTo("1");
    }

    private Process startByHand() throws Exception {
        Path bin = new Programs(java.util.Optional.empty(), java.util.Map.of()).find("postgres");
        return new ProcessBuilder(
                        "setsid",
                        bin.toString(),
                        "-D",
                        node.dataDir().toString(),
                        "--port=" + node.config.network().port())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("by-hand.log").toFile())
                .start();
    }

    /** Its processes work in the folder, whatever that is called by now; PostgreSQL itself would notice within a minute. */
    @Test
    void killsAlsoAfterTheDataFolderWasMoved() throws Exception {
        node.primary();
        ProcFs.Stat postmaster = ProcFs.stat(node.postmasterPid()).orElseThrow();
        node.guard.ensure(LONG);
        assertThat(node.guard.arm(in(Duration.ofSeconds(4)), MARGIN, LONG)).isTrue();
        Path elsewhere = node.dataDir().resolveSibling("moved");
        Files.move(node.dataDir(), elsewhere);
        try {
            await("PostgreSQL is gone", () -> !ProcFs.isAlive(postmaster));
            await("the guard has said so", () -> Files.readString(guardFile("guard.log"))
                    .contains("none lives"));
        } finally {
            Files.move(elsewhere, node.dataDir());
        }
    }

    /** It does what it was told for the folder it was told; another folder gets a guard of its own. */
    @Test
    void aGuardOfAnotherFolderIsNotTakenOver() throws Exception {
        node.guard.ensure(LONG);
        node.guard.arm(in(Duration.ofMinutes(5)), MARGIN, LONG);
        long pid = guardPid();
        node.guard.close();
        Files.writeString(guardFile("guarded"), folder.resolve("other") + "\n");
        try (GuardProcess next = new GuardProcess(node.config)) {
            assertThat(next.ensure(LONG)).isTrue();
            assertThat(guardPid()).isNotEqualTo(pid);
            assertThat(next.observe().isArmed()).isFalse();
            assertThat(ProcFs.stat(pid)).as("it still guards the other folder").isPresent();
            next.quit(LONG);
        } finally {
            signal("KILL", pid);
        }
    }

    @Test
    void aNewAgentTakesTheGuardOverWithItsDeadline() throws Exception {
        node.guard.ensure(LONG);
        long deadline = in(Duration.ofMinutes(5));
        node.guard.arm(deadline, MARGIN, LONG);
        long pid = guardPid();
        // An answer that the former agent did not wait for.
        Files.writeString(guardFile("commands"), "ping 7\nnonsense\n", StandardOpenOption.WRITE);
        node.guard.close();
        try (GuardProcess next = new GuardProcess(node.config)) {
            assertThat(next.observe()).isEqualTo(GuardView.ABSENT);
            assertThat(next.ensure(LONG)).isTrue();
            assertThat(guardPid()).isEqualTo(pid);
            assertThat(next.observe()).isEqualTo(new GuardView(true, java.util.Optional.of(deadline)));
        }
    }

    @Test
    void survivesFriendlySignalsWhileArmedAndIsReplacedOnceDead() throws Exception {
        node.guard.ensure(LONG);
        node.guard.arm(in(Duration.ofMinutes(5)), MARGIN, LONG);
        for (String name : List.of("HUP", "INT", "TERM", "QUIT", "PIPE")) {
            signal(name, guardPid());
        }
        long first = guardPid();
        assertThat(node.guard.arm(in(Duration.ofMinutes(6)), MARGIN, LONG)).isTrue();
        assertThat(ProcFs.stat(first).orElseThrow().session())
                .as("a session of its own")
                .isEqualTo(first);

        signal("STOP", first);
        await("stopped", () -> ProcFs.stat(first).orElseThrow().isStopped());
        assertThat(node.guard.observe()).as("a stopped guard guards nothing").isEqualTo(GuardView.ABSENT);
        assertThat(node.guard.arm(in(Duration.ofMinutes(7)), MARGIN, Duration.ofMillis(300)))
                .isFalse();
        assertThat(node.guard.ensure(Duration.ofSeconds(10))).isTrue();
        long second = guardPid();
        assertThat(second).isNotEqualTo(first);

        signal("KILL", second);
        await("dead", () -> ProcFs.stat(second).filter(ProcFs.Stat::isAlive).isEmpty());
        assertThat(node.guard.observe()).isEqualTo(GuardView.ABSENT);
        assertThat(node.guard.ensure(LONG)).isTrue();
        assertThat(node.guard.observe().isArmed()).isFalse();
    }

    @Test
    void quitLeavesNothing() throws Exception {
        node.guard.ensure(LONG);
        long pid = guardPid();
        node.guard.quit(LONG);
        assertThat(ProcFs.stat(pid).filter(ProcFs.Stat::isAlive)).isEmpty();
        assertThat(guardFile("commands")).doesNotExist();
        assertThat(guardFile("answers")).doesNotExist();
        assertThat(guardFile("pid")).doesNotExist();
        assertThat(node.guard.observe()).isEqualTo(GuardView.ABSENT);
        assertThat(node.guard.ensure(LONG)).as("and a new one may come").isTrue();
    }

    @Test
    void leavesOtherProcessesAlone() throws Exception {
        node.primary();
        node.guard.ensure(LONG);
        // One works in the folder and is no server, one has the name and works elsewhere, one is a server of another
        // folder.
        Process visitor = new ProcessBuilder("sleep", "600")
                .directory(node.dataDir().toFile())
                .start();
        Path lookalike = Files.copy(Path.of("/bin/sleep"), folder.resolve("postgres"));
        Process namesake = new ProcessBuilder(lookalike.toString(), "600")
                .directory(folder.toFile())
                .start();
        try (PgFixture other = new PgFixture(folder, "b")) {
            other.primary();
            long deadline = in(Duration.ofMillis(2500));
            node.guard.arm(deadline, MARGIN, LONG);
            killedBy(deadline);
            // The pid of the dead one is somebody else's now.
            Files.writeString(node.dataDir().resolve("postmaster.pid"), namesake.pid() + "\n");
            Thread.sleep(1500);
            assertThat(visitor.isAlive()).isTrue();
            assertThat(namesake.isAlive()).isTrue();
            assertThat(other.ask("SELECT 1")).isEqualTo("1");
            Files.delete(node.dataDir().resolve("postmaster.pid"));
        } finally {
            visitor.destroyForcibly();
            namesake.destroyForcibly();
        }
    }

    @Test
    void isSmall() throws Exception {
        node.guard.ensure(LONG);
        node.guard.arm(in(Duration.ofMinutes(5)), MARGIN, LONG);
        long before = cpuTicks();
        Thread.sleep(10_000);
        String status = Files.readString(Path.of("/proc/" + guardPid() + "/status"));
        String rss = status.lines()
                .filter(line -> line.startsWith("VmRSS"))
                .findFirst()
                .orElseThrow();
        LOG.info("MEASURED guard: {}, {} ticks of 10 ms in 10 s", rss, cpuTicks() - before);
        assertThat(Long.parseLong(rss.replaceAll("\\D", ""))).isLessThan(16_000);
    }

    private long cpuTicks() throws Exception {
        String[] fields =
                Files.readString(Path.of("/proc/" + guardPid() + "/stat")).split(" ");
        return Long.parseLong(fields[13]) + Long.parseLong(fields[14]);
    }
}
