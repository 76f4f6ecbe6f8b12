package org.pgregent.dcs.etcd;

import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.testkit.ContainerFixture;
import org.pgregent.dcs.testkit.DcsContractInContainers;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/** On etcd in Docker. {@code -Detcd.image=} takes another version. */
class EtcdContractInContainers extends DcsContractInContainers {

    private static final DockerImageName IMAGE =
            DockerImageName.parse(System.getProperty("etcd.image", "quay.io/coreos/etcd:v3.5.21"));

    @Override
    protected ContainerFixture containers(int members) {
        return new Containers(members);
    }

    private static final class Containers extends ContainerFixture {

        private static final int CLIENTS = 2379;

        Containers(int members) {
            super(CLIENTS);
            String all = IntStream.range(0, members)
                    .mapToObj(i -> "m" + i + "=http://m" + i + ":2380")
                    .collect(Collectors.joining(","));
            for (int i = 0; i < members; i++) {
                add(
                        "m" + i,
                        new GenericContainer<>(IMAGE)
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
            startAll();
        }

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

        /** What the servers announce is known in their network only. */
        @Override
        public Dcs connect(String node) throws Exception {
            return new EtcdProvider()
                    .connect(new DcsConfig(
                            "etcd3",
                            Map.of("hosts", addresses(), "use_proxies", true),
                            node,
                            Path.of("/nowhere"),
                            ttl()));
        }

        @Override
        protected boolean leads(GenericContainer<?> server) throws Exception {
            return server.execInContainer("etcdctl", "endpoint", "status")
                    .getStdout()
                    .contains(", true, ");
        }
    }
}
