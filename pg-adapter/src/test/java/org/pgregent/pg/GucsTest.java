package org.pgregent.pg;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class GucsTest {

    private final PgConfig config = PgFixture.config(Path.of("/srv"), "n1", 5432, PgFixture.USERS);

    private Map<String, String> controlled(String name, String value) {
        return Gucs.controlled(Map.of(name, value), config);
    }

    @Test
    void defaultsAreTheContracts() {
        assertThat(Gucs.controlled(Map.of(), config))
                .isEqualTo(new TreeMap<>(
                        new HashMap<>(Map.of(
                                "max_connections", "100",
                                "max_locks_per_transaction", "64",
                                "max_worker_processes", "8",
                                "max_prepared_transactions", "0",
                                "max_wal_senders", "10",
                                "max_replication_slots", "10",
                                "wal_level", "replica",
                                "track_commit_timestamp", "off",
                                "wal_log_hints", "on")) {
                            private static final long serialVersionUID = 1L;

                            {
                                put("hot_standby", "on");
                                put("listen_addresses", "127.0.0.1");
                                put("port", "5432");
                                put("cluster_name", "it's a scope");
                            }
                        }));
        assertThat(Gucs.controlled(Map.of(), config).keySet()).isEqualTo(Gucs.onCommandLine());
    }

    @Test
    void aValueThatFailsValidationBecomesTheDefault() {
        assertThat(controlled("max_connections", "24")).containsEntry("max_connections", "100");
        assertThat(controlled("max_connections", "25")).containsEntry("max_connections", "25");
        assertThat(controlled("max_connections", "many")).containsEntry("max_connections", "100");
        assertThat(controlled("hot_standby", "off")).containsEntry("hot_standby", "on");
        assertThat(controlled("wal_level", "minimal")).containsEntry("wal_level", "replica");
        assertThat(controlled("wal_level", "LOGICAL")).containsEntry("wal_level", "logical");
        assertThat(controlled("wal_level", "hot_standby")).containsEntry("wal_level", "replica");
        assertThat(controlled("port", "1")).as("never settable").containsEntry("port", "5432");
    }

    @Test
    void walKeepFollowsTheVersion() {
        assertThat(Gucs.forFile(Map.of(), config, 15))
                .containsEntry("wal_keep_size", "128MB")
                .doesNotContainKey("wal_keep_segments");
        assertThat(Gucs.forFile(Map.of("wal_keep_segments", "4"), config, 13)).containsEntry("wal_keep_size", "64MB");
        assertThat(Gucs.forFile(Map.of("wal_keep_size", "1GB"), config, 12))
                .containsEntry("wal_keep_segments", "64")
                .doesNotContainKey("wal_keep_size");
        assertThat(Gucs.forFile(Map.of("wal_keep_size", "8MB"), config, 15)).containsEntry("wal_keep_size", "128MB");
    }

    @Test
    void theNodesOwnParametersWinButForTheControlledOnes() {
        Map<String, String> values =
                Gucs.forFile(Map.of("shared_buffers", "1GB", "work_mem", "1MB", "wal_keep_size", "32MB"), config, 15);
        assertThat(values)
                .containsEntry("shared_buffers", "16MB")
                .containsEntry("work_mem", "1MB")
                .containsEntry("wal_keep_size", "32MB");
    }

    @Test
    void valuesAreComparedByWhatTheyMean() {
        assertThat(Gucs.isSame("on", "TRUE")).isTrue();
        assertThat(Gucs.isSame("100", "0100")).isFalse();
        assertThat(Gucs.isSame("100", "1e2")).isTrue();
        assertThat(Gucs.isSame("replica", "Replica")).isTrue();
        assertThat(Gucs.isSame("off", "on")).isFalse();
    }

    @Test
    void findsTheNamesTheServerComplainsAbout() {
        assertThat(ConfigCheck.namesIn("""
                2026-01-01 00:00:00.000 GMT [1] LOG:  unrecognized configuration parameter "foo" in file "/x" line 3
                2026-01-01 00:00:00.000 GMT [1] LOG:  invalid value for parameter "work_mem": "lots"
                2026-01-01 00:00:00.000 GMT [1] HINT:  Valid units for this parameter are "B", "kB".
                2026-01-01 00:00:00.000 GMT [1] FATAL:  configuration file "/x" contains errors
                """.lines().toList())).containsExactly("foo", "work_mem");
    }
}
