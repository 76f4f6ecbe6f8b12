package org.pgregent.launcher.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.pgregent.launcher.demo.LocalNode.QuorumPorts;

class DemoTableTest {

    @Test
    void cutsWhatDoesNotFit() {
        List<String> lines = DemoTable.render(
                List.of(
                        new DemoTable.Row("n1", "leader", "running", "2", "", "because of a very long sentence"),
                        DemoTable.Row.silent("n2")),
                70);

        assertThat(lines).hasSize(3).allSatisfy(line -> assertThat(line.length())
                .isLessThanOrEqualTo(70));
        assertThat(lines.get(1)).startsWith("  n1      leader   running").endsWith("…");
        assertThat(lines.get(2)).contains("no answer");
    }

    @Test
    void everyMemberOfALocalClusterKnowsAllServers() {
        LocalNode one = new LocalNode(1, "n1", Path.of("/x/n1"), 1, 2, new QuorumPorts(3, 4, 5));
        LocalNode two = new LocalNode(2, "n2", Path.of("/x/n2"), 6, 7, new QuorumPorts(8, 9, 10));
        LocalConfig.Shape shape = new LocalConfig.Shape("demo", new LocalConfig.Timers(5, 1, 1, 5), "0123456789abcdef");

        assertThat(LocalConfig.of(two, List.of(one, two), shape).toString())
                .contains("servers={1=127.0.0.1:3:4:5, 2=127.0.0.1:8:9:10}")
                .contains("minimum_ttl=5");
    }
}
