package org.pgregent.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@code --validate-config} says of each store's section: path, value and reason, by the program as it is delivered. */
@Timeout(120)
class StoreSectionsTest {

    private static final String SERVERS = "servers: {1: '192.0.2.1:2888:3888:2181', 2: '192.0.2.2:2888:3888:2181'}";

    @TempDir
    private Path folder;

    static Stream<Arguments> wrong() {
        return Stream.of(
                Arguments.of(
                        "zookeeper: {embedded: {id: 7, data_dir: /d, secret: 0123456789abcdef, " + SERVERS + "}}",
                        List.of("zookeeper.embedded.id is 7, which is not among the servers [1, 2]; add it there")),
                Arguments.of(
                        "zookeeper: {embedded: {id: one, secret: short, colour: red}}",
                        List.of(
                                "zookeeper.embedded.colour is not known; known are",
                                "zookeeper.embedded.servers is missing or no map; write id:",
                                "zookeeper.embedded.id has the id 'one'; write a whole number from 1 to 254",
                                "zookeeper.embedded.data_dir is missing; name a folder",
                                "zookeeper.embedded.secret has 5 characters; take at least 16")),
                Arguments.of(
                        "zookeeper: {embedded: {id: 1, data_dir: /d, " + SERVERS + "}}",
                        List.of(
                                "zookeeper.embedded.secret is missing, though 192.0.2.1 can be reached from other hosts;")),
                Arguments.of(
                        "zookeeper: {embedded: {id: 1, data_dir: /d, servers: {1: '127.0.0.1:2888'}}}",
                        List.of(
                                "zookeeper.embedded.servers.1 is '127.0.0.1:2888': it needs a host and three ports; write")),
                Arguments.of(
                        "regent: {witness: true}\nzookeeper: {embedded: {id: 7, data_dir: /d, servers: {1: '127.0.0.1:1:2:3'}}}",
                        List.of("zookeeper.embedded.id is 7, which is not among the servers [1]; add it there")),
                Arguments.of("zookeeper: {use_ssl: true}", List.of("zookeeper.hosts is missing; give the servers as")),
                Arguments.of("etcd3: {hosts: ['127.0.0.1:x']}", List.of("etcd3.hosts", "127.0.0.1:x")),
                Arguments.of("etcd3: {srv: [a]}", List.of("etcd3.srv")),
                Arguments.of(
                        "consul: {url: 'ftp://127.0.0.1'}",
                        List.of("consul.url is not of the form http://host:port; write it so")),
                Arguments.of(
                        "consul: {host: 127.0.0.1, cacert: /nowhere/ca.pem, scheme: https}",
                        List.of("consul.cacert", "/nowhere/ca.pem")));
    }

    /** Beside a configuration that is wrong elsewhere: nothing hides anything. */
    @ParameterizedTest
    @MethodSource("wrong")
    void whatIsWrongIsSaid(String section, List<String> words) throws Exception {
        String said = validate(section);
        assertThat(said).contains("name is not defined").contains(words);
    }

    private String validate(String section) throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("n.yml"), "scope: main\n" + section + "\n");
        Process program = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "org.pgregent.launcher.Main",
                        "--validate-config",
                        "--ignore-listen-port",
                        file.toString())
                .redirectErrorStream(true)
                .start();
        try {
            String said = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(program.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(program.exitValue()).as(said).isEqualTo(1);
            return said;
        } finally {
            program.destroyForcibly();
        }
    }
}
