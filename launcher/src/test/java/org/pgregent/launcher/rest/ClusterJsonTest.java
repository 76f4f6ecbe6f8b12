package org.pgregent.launcher.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgregent.launcher.Json;

class ClusterJsonTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "01-three-nodes",
                "03-paused",
                "07-scheduled",
                "08-after-switchover",
                "09-one-stopped",
                "10-one-gone"
            })
    void isTheReferencesAnswer(String situation) throws IOException {
        assertThat(Json.write(ClusterJson.of(Captured.store(situation), "bench")))
                .isEqualTo(Captured.text(situation + "-cluster.json"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"01-three-nodes", "08-after-switchover"})
    void historyIsTheReferencesAnswer(String situation) throws IOException {
        assertThat(Json.write(ClusterJson.history(Captured.store(situation))))
                .isEqualTo(Captured.text(situation + "-history.json"));
    }
}
