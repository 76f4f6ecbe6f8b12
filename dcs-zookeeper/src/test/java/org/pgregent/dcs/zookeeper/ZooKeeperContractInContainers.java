package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.testkit.ContainerFixture;
import org.pgregent.dcs.testkit.DcsContractInContainers;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/** On ZooKeeper in Docker. {@code -Dzookeeper.image=} takes another version. */
class ZooKeeperContractInContainers extends DcsContractInContainers {

    private static final DockerImageName IMAGE =
            DockerImageName.parse(System.getProperty("zookeeper.image", "zookeeper:3.9"));

    @Override
    protected ContainerFixture containers(int members) throws IOException {
        return new Containers(members);
    }

    private static final class Containers extends ContainerFixture {

        private static final int CLIENTS = 2181;

        private final Path folder = Files.createTempDirectory("pgregent-zookeeper-containers");

        Containers(int members) throws IOException {
            super(CLIENTS);
            String all = IntStream.rangeClosed(1, members)
                    .mapToObj(i -> "server.%d=z%d:2888:3888;%d".formatted(i, i, CLIENTS))
                    .collect(Collectors.joining(" "));
            for (int i = 1; i <= members; i++) {
                add(
                        "z" + i,
                        new GenericContainer<>(IMAGE)
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
            startAll();
        }

        @Override
        public Set<Ability> abilities() {
            return EnumSet.of(Ability.FREEZE, Ability.TAKES_UP_FORMER_LEASE);
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
        public Dcs connect(String node) throws Exception {
            return new ZooKeeperProvider()
                    .connect(new DcsConfig(
                            "zookeeper",
                            Map.of("hosts", addresses(), "tick_time", 500),
                            node,
                            Files.createDirectories(folder.resolve(node)),
                            ttl()));
        }

        @Override
        protected boolean leads(GenericContainer<?> server) {
            try {
                return ServerStatus.ask(HostPort.parse(address(server)), Optional.empty(), 1000)
                        .contains("Mode: leader");
            } catch (IOException silent) {
                return false;
            }
        }

        @Override
        public void close() throws IOException {
            super.close();
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
