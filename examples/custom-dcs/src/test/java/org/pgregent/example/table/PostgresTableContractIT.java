package org.pgregent.example.table;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.testkit.DcsContract;
import org.pgregent.dcs.testkit.DcsFixture;
import org.pgregent.dcs.testkit.TcpProxy;

/** The store contract on a real server, with a network between that can be cut. */
class PostgresTableContractIT extends DcsContract {

    @TempDir
    static Path folder;

    @Override
    protected DcsFixture openFixture() throws Exception {
        TableServer server = TableServer.start(folder.resolve("data"), folder, UnaryOperator.identity());
        return new TableFixture(server, new TcpProxy(server.port()), folder);
    }

    private record TableFixture(TableServer server, TcpProxy network, Path folder) implements DcsFixture {

        /** One server has no quorum to be cut off from, and a restarted agent gets a new lease. */
        @Override
        public Set<Ability> abilities() {
            return EnumSet.of(Ability.OUTAGE, Ability.FREEZE, Ability.RESTART, Ability.ATOMIC_READ);
        }

        @Override
        public Duration ttl() {
            return Duration.ofSeconds(5);
        }

        @Override
        public int largestValueBytes() {
            return TableDcs.VALUE_BYTES_MAX;
        }

        @Override
        public Duration recoveryTime() {
            return Duration.ofSeconds(30);
        }

        @Override
        public Dcs connect(String node) throws Exception {
            return new PostgresTableProvider()
                    .connect(
                            new DcsConfig("postgres_table", TableServer.settings(network.port()), node, folder, ttl()));
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
        public void freeze() throws Exception {
            server.freeze();
        }

        @Override
        public void thaw() throws Exception {
            server.thaw();
        }

        @Override
        public void restart() throws Exception {
            server.kill();
            server.start();
        }

        @Override
        public void close() throws IOException {
            server.close();
            network.close();
        }
    }
}
