package org.pgregent.dcs.consul;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.testkit.DcsContract;
import org.pgregent.dcs.testkit.DcsFixture;
import org.pgregent.dcs.testkit.TcpProxy;
import org.testcontainers.containers.GenericContainer;

/** The store contract on a newer Consul in a container; for {@code -Pcontainers}, and a failure where there is no Docker. */
class ConsulContractInContainers extends DcsContract {

    private static final String IMAGE = "hashicorp/consul:1.20";
    private static final int PORT = 8500;

    @TempDir
    static Path folder;

    @Override
    protected DcsFixture openFixture() throws Exception {
        GenericContainer<?> consul = new GenericContainer<>(IMAGE)
                .withExposedPorts(PORT)
                .withEnv(
                        "CONSUL_LOCAL_CONFIG",
                        "{\"session_ttl_min\":\"1s\",\"performance\":{\"raft_multiplier\":1},"
                                + "\"disable_update_check\":true}")
                .withCommand("agent", "-server", "-bootstrap-expect=1", "-client=0.0.0.0");
        consul.start();
        try {
            InContainer fixture = new InContainer(consul, new TcpProxy(consul.getMappedPort(PORT)), folder);
            fixture.awaitServing();
            return fixture;
        } catch (Exception e) {
            consul.stop();
            throw e;
        }
    }

    /** What the network does is done by a proxy in front, so that the container is left alone. */
    private record InContainer(GenericContainer<?> consul, TcpProxy network, Path folder) implements DcsFixture {

        void awaitServing() throws Exception {
            try (Dcs dcs = connect("probe")) {
                long end = System.nanoTime() + recoveryTime().toNanos();
                while (true) {
                    try {
                        dcs.readAll("/probe", Duration.ofSeconds(2));
                        return;
                    } catch (DcsUnavailableException notYet) {
                        if (System.nanoTime() > end) {
                            throw notYet;
                        }
                        TimeUnit.MILLISECONDS.sleep(50);
                    }
                }
            }
        }

        @Override
        public Set<Ability> abilities() {
            return EnumSet.of(Ability.OUTAGE, Ability.FREEZE, Ability.ATOMIC_READ);
        }

        @Override
        public Duration ttl() {
            return Duration.ofSeconds(4);
        }

        @Override
        public int largestValueBytes() {
            return KeyWriter.VALUE_BYTES_MAX;
        }

        @Override
        public Duration recoveryTime() {
            return ConsulServer.PATIENCE;
        }

        @Override
        public Dcs connect(String node) throws Exception {
            return new ConsulProvider()
                    .connect(new DcsConfig(
                            "consul", Map.of("host", "127.0.0.1:" + network.port()), node, folder, ttl()));
        }

        @Override
        public void outage() throws Exception {
            network.drop();
        }

        @Override
        public void recover() throws Exception {
            network.pass();
        }

        @Override
        public void freeze() {
            network.blackHole();
        }

        @Override
        public void thaw() throws Exception {
            network.pass();
        }

        @Override
        public void close() throws IOException {
            network.close();
            consul.stop();
        }
    }
}
