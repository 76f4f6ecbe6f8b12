package org.pgregent.dcs.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.testkit.TestCertificates;

class QuorumViewTest {

    private static final String STORED = """
            server.1=127.0.0.1:1:2:participant;127.0.0.1:3
            server.2=127.0.0.1:4:5:observer;127.0.0.1:6
            server.9=10.0.0.9:1:2:participant;10.0.0.9:3
            version=1f
            """;

    private static EmbeddedSettings settings(Map<String, Object> tls) throws Exception {
        Map<String, Object> embedded = new HashMap<>(tls);
        embedded.put("id", 1);
        embedded.put("data_dir", "/nowhere");
        embedded.put("servers", Map.of(1, "127.0.0.1:1:2:3", 2, "127.0.0.1:4:5:66"));
        return EmbeddedSettings.parse("zookeeper", Map.of("embedded", embedded)).orElseThrow();
    }

    @Test
    void votersAreThoseWhoDoNotOnlyObserve() {
        QuorumView view = QuorumView.parse(STORED);
        assertThat(view.version()).isEqualTo(0x1f);
        assertThat(view.voters()).containsExactlyInAnyOrder(1, 9);
        assertThat(view.without(9).voters()).containsExactly(1);
        assertThat(view.with(2, "127.0.0.1:4:5:participant").voters()).containsExactlyInAnyOrder(1, 2, 9);
    }

    @Test
    void withoutTlsEachServerHasThePortForClientsThatIsConfigured() throws Exception {
        QuorumView view = QuorumView.parse(STORED).withClientPortsOf(settings(Map.of()));
        assertThat(view.servers())
                .containsEntry(1, "127.0.0.1:1:2:participant;127.0.0.1:3")
                .containsEntry(2, "127.0.0.1:4:5:observer;127.0.0.1:66")
                .containsEntry(9, "10.0.0.9:1:2:participant;10.0.0.9:3");
        assertThat(view.version()).isEqualTo(0x1f);
    }

    /** Such a port would be one without TLS, and where the port for TLS is to be. */
    @Test
    void withTlsNoneHas(@TempDir Path folder) throws Exception {
        TestCertificates authority = TestCertificates.in(folder);
        TestCertificates.Issued own = authority.issue("n1", "IP:127.0.0.1");
        QuorumView view = QuorumView.parse(STORED)
                .withClientPortsOf(settings(Map.of(
                        "cacert", authority.ca().toString(),
                        "cert", own.certificate().toString(),
                        "key", own.key().toString())));
        assertThat(view.fileText()).doesNotContain(";").contains("server.9=10.0.0.9:1:2:participant\n");
        assertThat(view.withClientPortsOf(settings(Map.of())).servers())
                .containsEntry(1, "127.0.0.1:1:2:participant;127.0.0.1:3");
    }
}
