package org.pgregent.dcs.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.testkit.DcsContract;
import org.pgregent.dcs.testkit.DcsFixture;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.utility.DockerImageName;

/**
 * The store contract on etcd in Docker, once with a single server and once with three. Run by {@code mvn verify -Pcontainers};
 * without Docker it fails, as every missing server does. {@code -Detcd.image=} takes another version.
 */
class EtcdContractInContainers {

    private static final DockerImageName IMAGE =
            DockerImageName.parse(System.getProperty("etcd.image", "quay.io/coreos/etcd:v3.5.21"));

    @Nested
    class OfOneServer extends DcsContract {
        @Override
        protected DcsFixture openFixture() throws Exception {
            return new Containers(1);
        }
    }

    @Nested
    class OfThreeServers extends DcsContract {
        @Override
        protected DcsFixture openFixture() throws Exception {
            return new Containers(3);
        }
    }

    @Test
    void theLeadingServerIsKilledAndTheLeaseLivesOn() throws Exception {
        try (Containers cluster = new Containers(3);
                Dcs dcs = cluster.connect("n1")) {
            Lease lease = dcs.grant(Duration.ofSeconds(20), Connected.CALL);
            dcs.put("/containers/a", new byte[0], Expect.absent(), Optional.of(lease), Connected.CALL);
            int leading = cluster.leading();
            cluster.kill(leading);
            Connected.eventually("renewed with the others", () -> dcs.renew(lease, Duration.ofSeconds(2)));
            assertThat(dcs.readAll("/containers", Connected.CALL).get("/containers/a"))
                    .isPresent();
        }
    }

    /** Servers in a network of their own, each reached at a port of this machine. */
    private static final class Containers implements DcsFixture {

        private static final int CLIENTS = 2379;

        private final Network network = Network.newNetwork();
        private final List<GenericContainer<?>> servers = new ArrayList<>();

        Containers(int members) {
            String all = IntStream.range(0, members)
                    .mapToObj(i -> "m" + i + "=http://m" + i + ":2380")
                    .collect(Collectors.joining(","));
            for (int i = 0; i < members; i++) {
                servers.add(new GenericContainer<>(IMAGE)
                        .withNetwork(network)
                        .withNetworkAliases("m" + i)
                        .withExposedPorts(CLIENTS)
                        .withCommand(
                                "etcd",
                                "--name=m" + i,
                                "--listen-client-urls=http://0.0.0.0:" + CLIENTS,
                                "--advertise-client-urls=http://m" + i + ":" + CLIENTS,
                                "--listen-peer-urls=http://0.0.0.0:2380",
                                "--initial-advertise-peer-urls=http://m" + i + ":2380",
                                "--initial-cluster=" + all,
                                "--heartbeat-interval=50",
                                "--election-timeout=500"));
            }
            servers.parallelStream().forEach(GenericContainer::start);
        }

        /** Pausing is Docker's own; a restart would give the ports of this machine away. */
        @Override
        public Set<Ability> abilities() {
            return EnumSet.of(Ability.FREEZE, Ability.ATOMIC_READ);
        }

        @Override
        public Duration ttl() {
            return Duration.ofSeconds(3);
        }

        @Override
        public int largestValueBytes() {
            return 1024 * 1024;
        }

        @Override
        public Duration recoveryTime() {
            return Duration.ofSeconds(60);
        }

        @Override
        public Dcs connect(String node) throws Exception {
            List<String> hosts = servers.stream()
                    .filter(GenericContainer::isRunning)
                    .map(server -> server.getHost() + ":" + server.getMappedPort(CLIENTS))
                    .toList();
            // What the servers announce is known in their network only.
            return new EtcdProvider()
                    .connect(new DcsConfig(
                            "etcd3", Map.of("hosts", hosts, "use_proxies", true), node, Path.of("/nowhere"), ttl()));
        }

        @Override
        public void freeze() {
            for (GenericContainer<?> server : servers) {
                server.getDockerClient()
                        .pauseContainerCmd(server.getContainerId())
                        .exec();
            }
        }

        @Override
        public void thaw() {
            for (GenericContainer<?> server : servers) {
                server.getDockerClient()
                        .unpauseContainerCmd(server.getContainerId())
                        .exec();
            }
        }

        int leading() throws Exception {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (System.nanoTime() < end) {
                for (int i = 0; i < servers.size(); i++) {
                    String status = servers.get(i)
                            .execInContainer("etcdctl", "endpoint", "status")
                            .getStdout();
                    if (status.contains(", true, ")) {
                        return i;
                    }
                }
            }
            throw new IllegalStateException("no server of etcd takes the lead");
        }

        void kill(int member) {
            GenericContainer<?> server = servers.get(member);
            server.getDockerClient().killContainerCmd(server.getContainerId()).exec();
        }

        @Override
        public void close() throws IOException {
            servers.forEach(GenericContainer::stop);
            network.close();
        }
    }
}
