package org.pgregent.dcs.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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
 * The store contract on ZooKeeper in Docker, once with a single server and once with three. Run by {@code mvn verify
 * -Pcontainers}; without Docker it fails, as every missing server does. {@code -Dzookeeper.image=} takes another version.
 */
class ZooKeeperContractInContainers {

    private static final DockerImageName IMAGE =
            DockerImageName.parse(System.getProperty("zookeeper.image", "zookeeper:3.9"));

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
        try (Containers servers = new Containers(3);
                Dcs dcs = servers.connect("n1")) {
            Duration ttl = Duration.ofSeconds(20);
            Lease lease = dcs.grant(ttl, Ensemble.PATIENCE);
            dcs.put("/containers/a", new byte[0], Expect.absent(), Optional.of(lease), ttl);
            servers.kill(servers.leading());
            Ensemble.await("a renewal with the others", () -> dcs.renew(lease, Duration.ofSeconds(2)));
            assertThat(dcs.readAll("/containers", ttl).get("/containers/a")).isPresent();
        }
    }

    /** Servers in a network of their own, each reached at a port of this machine. */
    private static final class Containers implements DcsFixture {

        private static final int CLIENTS = 2181;

        private final Network network = Network.newNetwork();
        private final List<GenericContainer<?>> servers = new ArrayList<>();
        private final Path folder = Files.createTempDirectory("pgregent-zookeeper-containers");

        Containers(int members) throws IOException {
            String all = IntStream.rangeClosed(1, members)
                    .mapToObj(i -> "server.%d=z%d:2888:3888;%d".formatted(i, i, CLIENTS))
                    .collect(Collectors.joining(" "));
            for (int i = 1; i <= members; i++) {
                servers.add(new GenericContainer<>(IMAGE)
                        .withNetwork(network)
                        .withNetworkAliases("z" + i)
                        .withExposedPorts(CLIENTS)
                        .withEnv(Map.of(
                                "ZOO_MY_ID", Integer.toString(i),
                                "ZOO_SERVERS", all,
                                "ZOO_TICK_TIME", "500",
                                "ZOO_INIT_LIMIT", "20",
                                "ZOO_SYNC_LIMIT", "20",
                                "ZOO_MAX_CLIENT_CNXNS", "0",
                                "ZOO_STANDALONE_ENABLED", "true",
                                "ZOO_ADMINSERVER_ENABLED", "false",
                                "ZOO_4LW_COMMANDS_WHITELIST", "srvr",
                                "ZOO_CFG_EXTRA", "maxSessionTimeout=300000")));
            }
            servers.parallelStream().forEach(GenericContainer::start);
        }

        /** Pausing is Docker's own; a restart would give the ports of this machine away. */
        @Override
        public Set<Ability> abilities() {
            return EnumSet.of(Ability.FREEZE);
        }

        @Override
        public Duration ttl() {
            return Duration.ofSeconds(4);
        }

        @Override
        public int largestValueBytes() {
            return ZooKeeperDcs.VALUE_BYTES_MAX;
        }

        @Override
        public Duration recoveryTime() {
            return Ensemble.PATIENCE;
        }

        private static HostPort at(GenericContainer<?> server) {
            return new HostPort(server.getHost(), server.getMappedPort(CLIENTS));
        }

        @Override
        public Dcs connect(String node) throws Exception {
            List<String> hosts = servers.stream()
                    .filter(GenericContainer::isRunning)
                    .map(server -> at(server).toString())
                    .toList();
            return new ZooKeeperProvider()
                    .connect(new DcsConfig(
                            "zookeeper",
                            Map.of("hosts", hosts, "tick_time", 500),
                            node,
                            Files.createDirectories(folder.resolve(node)),
                            ttl()));
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

        int leading() throws InterruptedException {
            long end = System.nanoTime() + Ensemble.PATIENCE.toNanos();
            while (System.nanoTime() - end < 0) {
                for (int i = 0; i < servers.size(); i++) {
                    if (mode(servers.get(i)).contains("Mode: leader")) {
                        return i;
                    }
                }
                TimeUnit.MILLISECONDS.sleep(100);
            }
            throw new IllegalStateException("no server of ZooKeeper leads");
        }

        private static String mode(GenericContainer<?> server) {
            try {
                return ServerStatus.ask(at(server), Optional.empty(), 1000);
            } catch (IOException silent) {
                return "";
            }
        }

        void kill(int member) {
            GenericContainer<?> server = servers.get(member);
            server.getDockerClient().killContainerCmd(server.getContainerId()).exec();
        }

        @Override
        public void close() throws IOException {
            servers.forEach(GenericContainer::stop);
            network.close();
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
