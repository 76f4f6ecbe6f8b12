package org.pgregent.pg;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChildEnvironmentTest {

    private final Map<String, String> environment = new HashMap<>(Map.of(
            "PATH", "/bin",
            "PATRONI_SUPERUSER_PASSWORD", "s3cret",
            "KUBERNETES_SERVICE_HOST", "x",
            "NOTIFY_SOCKET", "/run/systemd/notify",
            "PG_MALLOC_ARENA_MAX", "2"));

    @Test
    void programsGetNothingOfTheAgentsConfiguration() {
        ChildEnvironment.clean(environment);
        assertThat(environment).containsOnlyKeys("PATH", "PG_MALLOC_ARENA_MAX");
    }

    @Test
    void theServersArenasAreSetApart() {
        ChildEnvironment.cleanForServer(environment);
        assertThat(environment).containsOnly(Map.entry("PATH", "/bin"), Map.entry("MALLOC_ARENA_MAX", "2"));
    }
}
