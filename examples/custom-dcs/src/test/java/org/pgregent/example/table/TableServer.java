package org.pgregent.example.table;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.pgregent.dcs.testkit.FreePorts;
import org.pgregent.dcs.testkit.ServerProcess;
import org.postgresql.Driver;

/**
 * A PostgreSQL server for the store, on a free port of the loopback. PostgreSQL refuses root: a test that runs as root says how
 * a command becomes one of another user.
 */
public final class TableServer implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String USER = "store";
    private static final String PASSWORD = "secret-of-the-store";
    private static final String INITIALIZE = "umask 077; printf %s \"$3\" >\"$2.pw\" && \"$1\" -D \"$2\" -U " + USER
            + " -A scram-sha-256 --pwfile=\"$2.pw\" -E UTF8 --no-sync && rm \"$2.pw\"";
    /** Of the whole server: each of its processes has a session of its own. */
    private static final String SIGNAL = "kill -\"$1\" \"$2\" $(ps -o pid= --ppid \"$2\")";

    private final Path data;
    private final Path logs;
    private final int port;
    private final UnaryOperator<List<String>> asUser;
    private ServerProcess process;

    /**
     * @param data does not exist yet; the user may make it
     * @param logs exists; this process may write to it
     */
    public static TableServer start(Path data, Path logs, UnaryOperator<List<String>> asUser)
            throws IOException, InterruptedException {
        TableServer server = new TableServer(data, logs, asUser);
        server.shell(INITIALIZE, program("initdb"), data.toString(), PASSWORD);
        server.start();
        return server;
    }

    private TableServer(Path data, Path logs, UnaryOperator<List<String>> asUser) throws IOException {
        this.data = data;
        this.logs = logs;
        this.asUser = asUser;
        this.port = FreePorts.take();
    }

    public int port() {
        return port;
    }

    /** The section {@code postgres_table} for this server, or for a proxy before it. */
    public static Map<String, Object> settings(int port) {
        return Map.of("url", "jdbc:postgresql://127.0.0.1:" + port + "/postgres", "user", USER, "password", PASSWORD);
    }

    /** After a {@link #kill} too; returns when it answers. */
    public void start() throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            if (process == null || !process.alive()) {
                process = ServerProcess.start("store", logs, asUser.apply(command()));
            }
            try {
                execute("SELECT 1");
                return;
            } catch (SQLException notYet) {
                if (System.nanoTime() - end > 0) {
                    throw new IOException("the server does not answer: " + process.log(), notYet);
                }
                TimeUnit.MILLISECONDS.sleep(50);
            }
        }
    }

    private List<String> command() {
        List<String> command = new ArrayList<>(List.of(program("postgres"), "-D", data.toString()));
        for (String setting : List.of(
                "port=" + port, "listen_addresses=127.0.0.1", "unix_socket_directories=", "shared_buffers=16MB")) {
            command.addAll(List.of("-c", setting));
        }
        return command;
    }

    /** As the store's own role. */
    public void execute(String sql) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", USER);
        properties.setProperty("password", PASSWORD);
        properties.setProperty("socketTimeout", "10");
        properties.setProperty("connectTimeout", "5");
        try (Connection session =
                        new Driver().connect("jdbc:postgresql://127.0.0.1:" + port + "/postgres", properties);
                Statement statement = session.createStatement()) {
            statement.execute(sql);
        }
    }

    public void freeze() throws IOException, InterruptedException {
        shell(SIGNAL, "STOP", Long.toString(process.pid()));
    }

    public void thaw() throws IOException, InterruptedException {
        shell(SIGNAL, "CONT", Long.toString(process.pid()));
    }

    /** At once, with all its processes. */
    public void kill() throws IOException, InterruptedException {
        if (process.alive()) {
            shell(SIGNAL, "KILL", Long.toString(process.pid()));
        }
        process.kill();
    }

    private void shell(String script, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("sh", "-c", script, "sh"));
        command.addAll(List.of(arguments));
        Path said = logs.resolve("shell.log");
        Process shell = new ProcessBuilder(asUser.apply(command))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.to(said.toFile()))
                .directory(Path.of("/").toFile())
                .start();
        if (!shell.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            shell.destroyForcibly();
            throw new IOException(script + " did not end");
        }
        if (shell.exitValue() != 0) {
            throw new IOException(script + " failed: " + Files.readString(said));
        }
    }

    private static String program(String name) {
        for (String folder : List.of("/usr/lib/postgresql/15/bin", "/usr/pgsql-15/bin", "/usr/local/bin", "/usr/bin")) {
            if (Files.isExecutable(Path.of(folder, name))) {
                return folder + "/" + name;
            }
        }
        throw new IllegalStateException(name + " is not installed; bin/test installs what the tests need");
    }

    @Override
    public void close() {
        try {
            kill();
        } catch (IOException e) {
            process.close();
        } catch (InterruptedException e) {
            process.close();
            Thread.currentThread().interrupt();
        }
    }
}
