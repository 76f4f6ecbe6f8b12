package org.pgregent.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsProvider;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.testkit.MemoryDcs;
import org.pgregent.dcs.testkit.MemoryStore;

class ConfigCommandsTest {

    private static final String GOOD = """
            scope: main
            name: n1
            restapi: {listen: '127.0.0.1:%1$d'}
            mine: {hosts: good}
            postgresql:
              listen: 127.0.0.1:%2$d
              data_dir: %3$s/data
              authentication:
                superuser: {username: postgres, password: s3cret-1}
                replication: {username: replicator, password: s3cret-2}
            """;

    @TempDir
    private Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    /** A store that has an opinion of its section. */
    private static final class Choosy implements DcsProvider {
        @Override
        public String name() {
            return "mine";
        }

        @Override
        public java.time.Duration shortestTtl() {
            return java.time.Duration.ofSeconds(1);
        }

        @Override
        public Dcs connect(DcsConfig config) throws DcsException {
            if (!config.settings().get("hosts").equals("good")) {
                throw new DcsRefusedException("mine.hosts is bad; write good");
            }
            return new MemoryDcs(new MemoryStore(System::nanoTime));
        }
    }

    private ConfigCommands commands(Path file, Map<String, String> environment) throws ConfigException {
        return new ConfigCommands(
                Optional.of(file),
                environment,
                document -> ProviderCatalog.of(List.of(new StubProvider("etcd3"), new Choosy())),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    private Path good(int restPort, int postgresPort) throws IOException {
        return Files.writeString(folder.resolve("n.yml"), GOOD.formatted(restPort, postgresPort, folder));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private String said() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private String printed() {
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aGoodFileIsValidAndPrintedWithoutSecrets() throws Exception {
        int code = commands(good(freePort(), freePort()), Map.of()).validate(true, true);

        assertThat(said()).isEmpty();
        assertThat(code).isZero();
        assertThat(printed()).contains("scope: main").contains("(hidden)").doesNotContain("s3cret");
    }

    @Test
    void hintsDoNotMakeItInvalid() throws Exception {
        Path file = good(freePort(), freePort());
        Files.writeString(file, Files.readString(file) + "scop: x\nlog: {dir: /}\n");
        int code = commands(file, Map.of("PATRONI_SKOPE", "x")).validate(true, false);

        assertThat(code).isZero();
        assertThat(said().lines())
                .containsExactlyInAnyOrder(
                        "scop is not a known key and is ignored: did you mean scope? (hint)",
                        "not yet used, for it comes with a later version: log.dir (hint)",
                        "PATRONI_SKOPE is no variable of the configuration; it is ignored: did you mean PATRONI_SCOPE? (hint)");
    }

    @Test
    void allProblemsComeAtOnceEachOnceAndMarked() throws Exception {
        Path file = Files.writeString(folder.resolve("bad.yml"), """
                scope: a/b
                restapi: {listen: '127.0.0.1:%d', connect_address: 'localhost:8008'}
                mine: {hosts: good}
                postgresql:
                  listen: '127.0.0.1:%d'
                  data_dir: %s
                  bin_dir: /nowhere
                  authentication: {superuser: {username: x}}
                  pg_ctl_timeout: soon
                """.formatted(freePort(), freePort(), folder));
        int code = commands(file, Map.of("PATRONI_CTL_INSECURE", "perhaps")).validate(true, false);

        assertThat(code).isEqualTo(1);
        assertThat(said().lines().map(line -> line.replaceFirst(":.*?( \\(ignorable\\))?$", "$1")))
                .containsExactlyInAnyOrder(
                        "scope 'a/b' has a slash",
                        "name is not defined",
                        "postgresql.pg_ctl_timeout 'soon' is not an integer from 0 to 86400",
                        "postgresql.authentication.replication.username is not defined",
                        "ctl.insecure 'perhaps' is not a boolean",
                        "postgresql.bin_dir '/nowhere' does not exist",
                        "restapi.connect_address 'localhost (ignorable)",
                        "postgresql.data_dir '" + folder + "' doesn't look like a valid data directory (ignorable)");
        assertThat(said()).contains("PATRONI_CTL_INSECURE");
    }

    @Test
    void aPortInUseIsIgnorableAndMayBeIgnored() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Path file = good(taken.getLocalPort(), freePort());
            assertThat(commands(file, Map.of()).validate(true, false)).isEqualTo(1);
            assertThat(said())
                    .contains("Port " + taken.getLocalPort() + " is already in use.")
                    .contains("(ignorable)");
            assertThat(commands(file, Map.of()).validate(false, false)).isZero();
        }
    }

    @Test
    void theStoreIsAskedForItsOwnSection() throws Exception {
        Path file = good(freePort(), freePort());
        Files.writeString(file, Files.readString(file).replace("hosts: good", "hosts: bad"));
        assertThat(commands(file, Map.of()).validate(true, false)).isEqualTo(1);
        assertThat(said()).isEqualToIgnoringNewLines("mine.hosts is bad; write good");
    }

    @Test
    void anUnreachableServerOfTheStoreIsIgnorable() throws Exception {
        int port = freePort();
        Path file = good(freePort(), freePort());
        Files.writeString(file, Files.readString(file) + "etcd3: {hosts: ['127.0.0.1:" + port + "']}\n");
        commands(file, Map.of()).validate(true, false);
        assertThat(said()).contains("etcd3.hosts '127.0.0.1:" + port + "' is not reachable");
    }

    @Test
    void theEffectiveConfigurationSaysWhereEachValueCameFrom() throws Exception {
        Path file = good(8008, 5432);
        Files.writeString(
                file, Files.readString(file) + "bootstrap: {dcs: {ttl: 20, loop_wait: 10, retry_timeout: 8}}\n");
        int code = commands(
                        file,
                        Map.of(
                                "PATRONI_NAMESPACE",
                                "/db",
                                "PATRONI_REWIND_USERNAME",
                                "r",
                                "PATRONI_REWIND_PASSWORD",
                                "s3cret-3"))
                .printEffective();

        assertThat(code).isZero();
        assertThat(printed())
                .contains("scope: main  # n.yml\n")
                .contains("namespace: /db  # PATRONI_NAMESPACE\n")
                .contains("  connect_address: \"127.0.0.1:8008\"  # default: listen\n")
                .contains("  pg_ctl_timeout: 60  # default\n")
                .contains("---\n")
                .contains("# loop_wait 10 + 2 * retry_timeout 8 is above ttl 20")
                .contains("ttl: 20  # bootstrap.dcs\n")
                .contains("maximum_lag_on_failover: 1048576  # default\n")
                .doesNotContain("s3cret");
    }

    @Test
    void theSampleIsWhatWeReadOurselves() throws Exception {
        Path file = folder.resolve("sample.yml");
        assertThat(commands(file, Map.of()).sample()).isZero();

        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        LauncherConfig read = LauncherConfig.parse(
                ConfigSource.read(
                        Optional.of(file),
                        Map.of("PATRONI_POSTGRESQL_DATA_DIR", "/x/y", "PATRONI_POSTGRESQL_BIN_DIR", "/x")),
                ProviderCatalog.of(List.of(new StubProvider("etcd3"))));
        assertThat(read.hints(ProviderCatalog.of(List.of(new StubProvider("etcd3")))))
                .isEmpty();
        assertThat(read.scope()).isEqualTo("#FIXME");
    }
}
