package org.pgregent.pg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pgregent.pg.PgFixture.LONG;
import static org.pgregent.pg.PgFixture.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.core.model.PostgresSettings;
import org.pgregent.core.model.SlotPlan;
import org.pgregent.core.model.TaskView.Divergence;
import org.pgregent.core.port.Postgres.StopMode;
import org.pgregent.core.port.PostgresException;

/** pg_rewind killed in the middle leaves a folder that is neither one thing nor the other. */
class InterruptedRewindIT {

    @TempDir
    Path folder;

    private PgFixture a;
    private PgFixture b;

    @BeforeEach
    void makeADivergedNode() throws Exception {
        a = new PgFixture(folder, "a");
        b = new PgFixture(folder, "b");
        a.primary();
        a.sql("CREATE TABLE t AS SELECT 1 AS x");
        slot(a, b);
        b.postgres.cloneFrom(a.upstream(), LONG);
        b.postgres.startReplica(PostgresSettings.NONE, Optional.of(a.upstream()), LONG);
        await("streaming", () -> b.view().isStreaming());
        b.postgres.promote(LONG);
        a.sql("INSERT INTO t VALUES (666)");
        b.sql("INSERT INTO t VALUES (2)");
        a.postgres.stop(StopMode.FAST, LONG);
        slot(b, a);
    }

    @AfterEach
    void removeNodes() throws Exception {
        b.close();
        a.close();
    }

    private static void slot(PgFixture upstream, PgFixture standby) throws Exception {
        upstream.postgres.syncSlots(
                new SlotPlan(List.of(standby.config.name().slotName()), List.of(), new TreeMap<>()), LONG);
    }

    @Test
    void aHalfRewoundFolderIsNotStartedAndIsRewoundAgain() throws Exception {
        Path script = folder.resolve("killed_rewind");
        Files.writeString(script, "#!/bin/sh\nkill -9 $$\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        try (PgPostgres interrupted =
                new PgPostgres(PgFixture.withPrograms(a.config, Map.of("pg_rewind", script.toString())))) {
            assertThatThrownBy(() -> interrupted.rewindFrom(b.upstream(), LONG)).isInstanceOf(PostgresException.class);
            assertThatThrownBy(() -> interrupted.startReplica(PostgresSettings.NONE, Optional.empty(), LONG))
                    .isInstanceOf(PostgresException.class)
                    .hasMessageContaining("pg_rewind was interrupted");
            assertThatThrownBy(() -> interrupted.startPrimary(PostgresSettings.NONE, LONG))
                    .isInstanceOf(PostgresException.class);
        }
        assertThat(a.postgres.compareWith(b.upstream(), LONG)).isEqualTo(Divergence.DIVERGED);

        a.postgres.rewindFrom(b.upstream(), LONG);
        a.postgres.startReplica(PostgresSettings.NONE, Optional.of(b.upstream()), LONG);

        await("streaming", () -> a.view().isStreaming());
        await("the leader's rows", () -> a.ask("SELECT string_agg(x::text, ',' ORDER BY x) FROM t")
                .equals("1,2"));
    }

    @Test
    void whenOnlyTheLastWordWasMissingItIsStarted() throws Exception {
        a.postgres.rewindFrom(b.upstream(), LONG);
        new DataFolder(a.dataDir(), a.config.folders().stateDir()).beginRewinding();

        a.postgres.startReplica(PostgresSettings.NONE, Optional.of(b.upstream()), LONG);

        await("streaming", () -> a.view().isStreaming());
    }
}
