package org.pgregent.pg;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.PostgresSettings;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.PostgresView.DataDir;
import org.pgregent.core.model.Upstream;
import org.pgregent.core.port.Postgres.StopMode;
import org.pgregent.core.port.PostgresException;
import org.pgregent.pg.PgConfig.Authentication;
import org.pgregent.pg.PgConfig.Bootstrap;
import org.pgregent.pg.PgConfig.Credentials;
import org.pgregent.pg.PgConfig.Folders;
import org.pgregent.pg.PgConfig.HostPort;
import org.pgregent.pg.PgConfig.Network;
import org.pgregent.pg.PgConfig.ToolOptions;

/** One node with folders of its own and a free port. */
final class PgFixture implements AutoCloseable {

    static final Duration LONG = Duration.ofSeconds(120);
    static final Authentication USERS = new Authentication(
            new Credentials("postgres", Optional.of("super: 'secret'\\"), Map.of()),
            new Credentials("replicator", Optional.of("rep:l\\ica"), Map.of()),
            new Credentials("rewinder", Optional.of("rew'ind"), Map.of()));

    final PgConfig config;
    final PgPostgres postgres;
    final GuardProcess guard;

    PgFixture(Path folder, String name) throws Exception {
        config = config(folder.resolve(name), name, freePort(), USERS);
        postgres = new PgPostgres(config);
        guard = new GuardProcess(config);
    }

    static PgConfig config(Path folder, String name, int port, Authentication users) {
        SortedMap<String, String> parameters = new TreeMap<>(Map.of(
                "shared_buffers", "16MB",
                "unix_socket_directories", "",
                "wal_keep_size", "1GB",
                "fsync", "off"));
        return new PgConfig(
                "it's a scope",
                new NodeName(name),
                new Network(List.of("127.0.0.1"), port, new HostPort("127.0.0.1", port)),
                new Folders(
                        folder.resolve("data"),
                        folder.resolve("data"),
                        folder.resolve("state"),
                        Optional.empty(),
                        Map.of(),
                        folder.resolve("pgpass")),
                users,
                "postgres",
                parameters,
                List.of(),
                List.of(),
                Map.of(),
                new Bootstrap(List.of("data-checksums", "encoding=UTF8", "locale=C", "no-sync"), List.of()),
                ToolOptions.NONE,
                Optional.empty(),
                Duration.ofSeconds(60));
    }

    /** The same node with other programs for some. */
    static PgConfig withPrograms(PgConfig c, Map<String, String> names) {
        Folders f = c.folders();
        return new PgConfig(
                c.scope(),
                c.name(),
                c.network(),
                new Folders(f.dataDir(), f.configDir(), f.stateDir(), f.binDir(), names, f.pgpass()),
                c.authentication(),
                c.database(),
                c.parameters(),
                c.pgHba(),
                c.pgIdent(),
                c.recoveryConf(),
                c.bootstrap(),
                c.toolOptions(),
                c.customConf(),
                c.startTimeout());
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    Path dataDir() {
        return config.dataDir();
    }

    PostgresView view() {
        return postgres.observe(Duration.ofSeconds(10));
    }

    Upstream upstream() {
        return new Upstream(config.name(), "127.0.0.1", config.network().port(), "postgres");
    }

    PgFixture primary() throws Exception {
        postgres.initialize(LONG);
        postgres.startPrimary(PostgresSettings.NONE, LONG);
        return this;
    }

    Connection connect() throws SQLException {
        Credentials user = USERS.superuser();
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + config.network().port()
                        + "/postgres?connectTimeout=10&socketTimeout=60",
                user.username(),
                user.password().orElseThrow());
    }

    void sql(String text) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            statement.execute(text);
        }
    }

    String ask(String text) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            return LocalSql.text(statement, text);
        }
    }

    long postmasterPid() throws IOException {
        return Long.parseLong(
                Files.readAllLines(dataDir().resolve("postmaster.pid")).get(0));
    }

    /** The processes of this folder that live. */
    List<ProcFs.Stat> living() {
        return new ServerProcesses(dataDir(), "postgres").look().all();
    }

    static void signal(String name, long pid) throws Exception {
        int code = new ProcessBuilder("bash", "-c", "kill -" + name + " " + pid)
                .inheritIO()
                .start()
                .waitFor();
        if (code != 0) {
            throw new IllegalStateException("kill -" + name + " " + pid + " failed");
        }
    }

    /** Something that will be so. */
    interface Condition {
        boolean holds() throws Exception;
    }

    static void await(String what, Condition condition) throws Exception {
        long end = System.nanoTime() + LONG.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("did not come true: " + what);
            }
            Thread.sleep(20);
        }
    }

    @Override
    public void close() throws PostgresException {
        guard.ensure(Duration.ofSeconds(10));
        guard.quit(Duration.ofSeconds(10));
        guard.close();
        try {
            postgres.stop(StopMode.IMMEDIATE, LONG);
            if (view().dataDir() != DataDir.EMPTY) {
                postgres.removeData();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PostgresException("interrupted while cleaning up", e);
        } finally {
            postgres.close();
        }
    }
}
