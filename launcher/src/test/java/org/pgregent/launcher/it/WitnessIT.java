package org.pgregent.launcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.testkit.FreePorts;
import org.pgregent.dcs.testkit.TestCertificates;
import org.pgregent.launcher.AsUser;
import org.pgregent.launcher.Jvm;
import org.pgregent.launcher.demo.AgentClient;
import org.pgregent.launcher.demo.LocalNode;

/**
 * Two nodes with PostgreSQL and one without: the third vote is all that the third machine is for. What the servers say to each
 * other, and their clients to them, goes in TLS here.
 */
@Timeout(600)
class WitnessIT {

    private static final String SETTLED = "is one of the quorum";

    /** The last of three is the witness. */
    private static ClusterHarness pairWithWitness() throws IOException, InterruptedException {
        ClusterHarness harness = ClusterHarness.create("witness", 3, ClusterHarness.STEADY);
        try {
            TestCertificates authority =
                    TestCertificates.in(harness.cluster().folder().resolve("tls"));
            for (LocalNode node : harness.nodes()) {
                TestCertificates.Issued issued = authority.issue(node.name(), "IP:127.0.0.1");
                // The cluster's folder itself is closed to everybody but the agents' user.
                Files.setPosixFilePermissions(issued.key(), PosixFilePermissions.fromString("r--r--r--"));
                harness.edit(node, config -> {
                    Map<String, Object> embedded =
                            ClusterHarness.section(ClusterHarness.section(config, "zookeeper"), "embedded");
                    embedded.put("cacert", authority.ca().toString());
                    embedded.put("cert", issued.certificate().toString());
                    embedded.put("key", issued.key().toString());
                    return config;
                });
            }
            harness.edit(harness.nodes().get(2), config -> {
                config.remove("postgresql");
                config.remove("bootstrap");
                config.remove("restapi");
                ClusterHarness.section(config, "regent").put("witness", true);
                return config;
            });
            return harness;
        } catch (IOException | RuntimeException e) {
            harness.close();
            throw e;
        }
    }

    @Test
    void withAWitnessTwoNodesGetOverTheLossOfEither() throws Exception {
        try (ClusterHarness harness = pairWithWitness()) {
            LocalNode witness = harness.nodes().get(2);
            harness.cluster().startAll();
            LocalNode first = awaitPair(harness);
            LocalNode second = harness.nodesBut(first).stream()
                    .filter(node -> !node.equals(witness))
                    .findFirst()
                    .orElseThrow();
            assertThat(harness.logOf(witness))
                    .contains("witness n3 of demo: a server of the quorum in ")
                    .contains(", and no PostgreSQL");
            assertThat(witness.dataDir()).doesNotExist();
            assertThat(answerInPlain(witness)).doesNotContain("Mode:");
            harness.await("the witness belongs to the quorum", () -> times(harness, witness, SETTLED) == 1);
            harness.startWriters();
            harness.await("acknowledgements", () -> harness.writer(first).acks().size() >= 20);

            // The two others are a majority: for longer than any lease lasts, nothing happens.
            harness.killAgent(witness);
            harness.awaitWritesOn(first, System.nanoTime() + TimeUnit.SECONDS.toNanos(10));
            assertThat(harness.leader()).isEqualTo(first);
            harness.start(witness);
            harness.await("the witness is back", () -> times(harness, witness, SETTLED) == 2);

            // Now it is the witness that makes the majority.
            long killed = System.nanoTime();
            harness.killAgentAndPostgres(first);
            assertThat(harness.awaitLeaderOtherThan(first)).isEqualTo(second);
            harness.awaitWritesOn(second, killed);
            harness.assertOneAfterTheOther(first, second);
            System.out.printf(
                    "MEASURED witness: the other node takes writes %.2f s after the loss%n",
                    (harness.writer(second).acks().get(0).nanos() - killed) / 1e9);
            harness.start(first);
            assertThat(awaitPair(harness)).isEqualTo(second);

            // Without it, one of the two is no majority and must not go on.
            assertThat(harness.terminate(witness)).isZero();
            assertThat(harness.logOf(witness)).contains("received SIGTERM").contains("the witness has ended");
            harness.killAgentAndPostgres(first);
            harness.await("the last node is no primary any more", () -> !harness.isInRecovery(second)
                    .equals(Optional.of(false)));
            long returned = System.nanoTime();
            harness.start(witness);
            harness.awaitWritesOn(second, returned);
            assertThat(witness.dataDir()).doesNotExist();
        }
    }

    /** The port for clients speaks TLS only. */
    private static String answerInPlain(LocalNode node) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), node.quorum().client())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write("srvr\n".getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private static long times(ClusterHarness harness, LocalNode node, String words) throws IOException {
        return harness.logOf(node).lines().filter(line -> line.contains(words)).count();
    }

    /** A leader, and the only other member streams from it. */
    private static LocalNode awaitPair(ClusterHarness harness) throws Exception {
        LocalNode[] leader = new LocalNode[1];
        harness.await("a leader and one that streams", () -> {
            Optional<Map<String, AgentClient.Member>> members = harness.client().members();
            leader[0] = harness.client().leader().orElse(null);
            return leader[0] != null
                    && harness.isInRecovery(leader[0]).equals(Optional.of(false))
                    && members.isPresent()
                    && members.get().size() == 2
                    && members.get().values().stream().anyMatch(AgentClient.Member::streams);
        });
        return leader[0];
    }

    /** As from an init system: started as root where that is possible, ended by SIGTERM. */
    @Test
    void dropsRootAndEndsInOrder(@TempDir Path folder) throws Exception {
        List<Integer> ports = FreePorts.take(3);
        String user = AsUser.amRoot() ? "postgres" : System.getProperty("user.name");
        // Of several levels, and owned by root: what the witness needs is made and given away.
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path data = folder.resolve("deep").resolve("quorum");
        Path file = folder.resolve("witness.yml");
        Path log = folder.resolve("witness.log");
        Files.writeString(file, """
                scope: main
                name: w1
                regent: {witness: true}
                zookeeper:
                  embedded:
                    id: 1
                    data_dir: %s
                    secret: at-least-16-characters
                    servers: {1: '127.0.0.1:%d:%d:%d'}
                """.formatted(data, ports.get(0), ports.get(1), ports.get(2)));
        Process process = new ProcessBuilder(Jvm.command(ClusterHarness.program(), file.toString()))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            long end = System.nanoTime() + ClusterHarness.PATIENCE.toNanos();
            while (!Files.readString(log).contains(SETTLED)) {
                assertThat(System.nanoTime()).as(Files.readString(log)).isLessThan(end);
                TimeUnit.MILLISECONDS.sleep(25);
            }
            ProcessHandle server = process.toHandle().descendants().findFirst().orElse(process.toHandle());
            assertThat(server.info().user()).contains(user);
            for (Path made : List.of(data, folder.resolve("deep").resolve(".quorum.regent"))) {
                assertThat(Files.getOwner(made).getName()).isEqualTo(user);
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
                        .isEqualTo("rwx------");
            }
            process.destroy();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as(Files.readString(log)).isZero();
            assertThat(log).content().contains("the witness has ended").doesNotContain("at-least-16-characters");
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
