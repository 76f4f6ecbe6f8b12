package org.pgregent.launcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgregent.launcher.demo.LocalNode;

/** SIGHUP on a real agent with a real PostgreSQL: what can change does, what cannot is named, what is broken is refused. */
@Timeout(300)
class ReloadIT {

    @Test
    void whatCanChangeDoesAndTheRestIsNamed() throws Exception {
        try (ClusterHarness harness =
                ClusterHarness.create("reload", 1, ClusterHarness.STEADY).started()) {
            LocalNode node = harness.nodes().get(0);

            harness.edit(node, config -> {
                Map<String, Object> postgresql = ClusterHarness.section(config, "postgresql");
                ClusterHarness.section(postgresql, "parameters").put("work_mem", "7MB");
                postgresql.put(
                        "pg_hba",
                        new ArrayList<>(
                                List.of("local all all scram-sha-256", "host all all 127.0.0.1/32 scram-sha-256")));
                postgresql.put("bin_name", Map.of("postgres", "postgres"));
                config.put("tags", Map.of("rack", "r7"));
                config.put("log", Map.of("level", "DEBUG"));
                config.put("watchdog", Map.of("device", "/dev/x"));
                return config;
            });
            harness.cluster().signalAgent(node, "HUP");

            harness.await("the new parameter in force", () -> harness.query(node, "SHOW work_mem")
                    .equals(Optional.of("7MB")));
            harness.await("the new tag", () -> tags(harness, node).contains("rack=r7"));
            assertThat(Files.readString(node.dataDir().resolve("pg_hba.conf"))).contains("local all all scram-sha-256");
            assertThat(harness.logOf(node))
                    .contains("in force only after a restart of this agent: postgresql.bin_name.postgres")
                    .contains("without effect in this version: watchdog.device")
                    .contains("DEBUG: ");

            harness.edit(node, config -> {
                ClusterHarness.section(config, "postgresql").remove("listen");
                config.put("tags", Map.of("rack", "r8"));
                return config;
            });
            harness.cluster().signalAgent(node, "HUP");
            harness.await("the refusal", () -> harness.logOf(node).contains("is refused"));
            assertThat(harness.logOf(node)).contains("postgresql.listen is not defined");
            assertThat(tags(harness, node)).contains("rack=r7");

            Files.delete(node.configFile());
            harness.cluster().signalAgent(node, "HUP");
            harness.await("the second refusal", () -> harness.logOf(node).contains("is not there any more"));
            assertThat(tags(harness, node)).contains("rack=r7");
            assertThat(harness.cluster().agent(node).orElseThrow().isAlive()).isTrue();
        }
    }

    private static String tags(ClusterHarness harness, LocalNode node) throws InterruptedException {
        return harness.client()
                .document(node, "/patroni")
                .map(status -> String.valueOf(status.get("tags")))
                .orElse("");
    }
}
