package org.pgregent.launcher.config;

import static org.pgregent.launcher.config.Problem.Severity.ERROR;
import static org.pgregent.launcher.config.Problem.Severity.IGNORABLE;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Holds a document against this machine and what can be reached from it: ports, folders, programs, servers of the store. Most
 * of what it finds may be right by the time the agent starts, and is ignorable.
 */
public final class HostCheck {

    private static final int PATIENCE_MILLIS = 2000;
    private static final List<String> ONLY_HERE = List.of("127.0.0.1", "0.0.0.0", "*", "::1", "localhost");
    private static final List<String> PROGRAMS =
            List.of("initdb", "postgres", "pg_controldata", "pg_basebackup", "pg_rewind");
    private static final Pattern HOST_PORT =
            Pattern.compile("(?:[a-z]+://)?(?:[^@/]*@)?(\\[[^]]+]|[^:/]*)(?::(\\d+))?(?:/.*)?");
    private static final Map<String, Integer> STORE_PORTS =
            Map.of("consul", 8500, "etcd", 2379, "etcd3", 2379, "zookeeper", 2181);

    private final Document document;
    private final List<Problem> problems = new ArrayList<>();

    private HostCheck(Document document) {
        this.document = document;
    }

    /** @param listenPorts whether to see if the ports to listen at are free: not so beside a running agent */
    public static List<Problem> of(Document document, boolean listenPorts) {
        HostCheck check = new HostCheck(document);
        for (String section : List.of("restapi", "postgresql")) {
            check.published(section);
            if (listenPorts) {
                check.free(section, section.equals("restapi") ? 8008 : 5432);
            }
        }
        check.dataDir();
        check.programs();
        check.logDir();
        check.store();
        return List.copyOf(check.problems);
    }

    private Optional<String> text(String path) {
        return document.at(List.of(path.split("\\."))).map(String::valueOf).filter(text -> !text.isBlank());
    }

    private void add(Problem.Severity severity, String path, Object value, String reason, String remedy) {
        problems.add(Problem.of(severity, path, value, reason, remedy));
    }

    private void published(String section) {
        String key = section + ".connect_address";
        text(key).ifPresent(address -> {
            Matcher parts = HOST_PORT.matcher(address);
            if (parts.matches() && ONLY_HERE.contains(parts.group(1).replaceAll("[\\[\\]]", ""))) {
                add(
                        IGNORABLE,
                        key,
                        address,
                        "must not contain \"127.0.0.1\", \"0.0.0.0\", \"*\", \"::1\", \"localhost\"",
                        "write the address other hosts reach this one at");
            }
        });
    }

    private void free(String section, int usual) {
        String key = section + ".listen";
        String listen = text(key).orElse("");
        int comma = listen.lastIndexOf(',');
        Matcher last = HOST_PORT.matcher(listen.substring(comma + 1).trim());
        if (listen.isEmpty() || !last.matches()) {
            return;
        }
        int port = port(last.group(2), usual);
        List<String> hosts = new ArrayList<>(
                comma < 0 ? List.of() : Arrays.asList(listen.substring(0, comma).split(",")));
        hosts.add(last.group(1));
        for (String host : hosts) {
            String bare = host.trim().replaceAll("[\\[\\]]", "");
            try (ServerSocket socket = new ServerSocket()) {
                socket.setReuseAddress(true);
                socket.bind(
                        bare.isEmpty() || bare.equals("*")
                                ? new InetSocketAddress(port)
                                : new InetSocketAddress(InetAddress.getByName(bare), port));
            } catch (IOException | IllegalArgumentException e) {
                boolean taken = String.valueOf(e.getMessage()).contains("in use");
                add(
                        IGNORABLE,
                        key,
                        listen,
                        taken
                                ? "Port " + port + " is already in use."
                                : "cannot be listened at (" + e.getMessage() + ")",
                        taken
                                ? "free it, or use --ignore-listen-port beside a running agent"
                                : "write an address of this host");
            }
        }
    }

    private void dataDir() {
        text("postgresql.data_dir").ifPresent(text -> path(text).ifPresent(dir -> {
            if (Files.isDirectory(dir) && !isEmpty(dir) && !Files.exists(dir.resolve("global/pg_control"))) {
                add(
                        IGNORABLE,
                        "postgresql.data_dir",
                        text,
                        "doesn't look like a valid data directory",
                        "name another one, or empty it");
            }
        }));
    }

    private static boolean isEmpty(Path dir) {
        try (Stream<Path> entries = Files.list(dir)) {
            return entries.map(entry -> String.valueOf(entry.getFileName()))
                    .allMatch(name -> name.startsWith(".") || name.equals("lost+found"));
        } catch (IOException unreadable) {
            // Of somebody else's; then it is not for us to judge.
            return true;
        }
    }

    private void programs() {
        text("postgresql.bin_dir").ifPresent(text -> path(text).ifPresent(dir -> {
            if (!Files.isDirectory(dir)) {
                add(ERROR, "postgresql.bin_dir", text, "does not exist", "name the folder of PostgreSQL's programs");
                return;
            }
            for (String program : PROGRAMS) {
                String name = text("postgresql.bin_name." + program).orElse(program);
                if (!Files.isExecutable(dir.resolve(name))) {
                    add(
                            ERROR,
                            "postgresql.bin_dir",
                            text,
                            "does not contain '" + name + "'",
                            "install it, or name another folder");
                }
            }
        }));
    }

    private void logDir() {
        text("log.dir")
                .filter(dir -> path(dir).filter(Files::isDirectory).isEmpty())
                .ifPresent(dir -> add(IGNORABLE, "log.dir", dir, "does not exist", "make the folder"));
    }

    private void store() {
        STORE_PORTS.forEach((section, port) -> {
            for (String key : List.of("hosts", "host", "url", "proxy")) {
                document.at(List.of(section, key)).ifPresent(value -> servers(section + "." + key, value, port));
            }
        });
    }

    private void servers(String path, Object value, int usual) {
        List<?> all = value instanceof List<?> list
                ? list
                : Arrays.asList(String.valueOf(value).split(","));
        for (Object each : all) {
            Matcher server = HOST_PORT.matcher(String.valueOf(each).trim().replaceAll("^['\"]|['\"]$", ""));
            if (!server.matches()) {
                continue;
            }
            String host = server.group(1);
            int port = port(server.group(2), usual);
            try (Socket socket = new Socket()) {
                socket.connect(
                        new InetSocketAddress(InetAddress.getByName(host.replaceAll("[\\[\\]]", "")), port),
                        PATIENCE_MILLIS);
            } catch (IOException | IllegalArgumentException e) {
                problems.add(new Problem(
                        IGNORABLE,
                        path,
                        path + " '" + host + ":" + port
                                + "' is not reachable: start the server, or correct the address"));
            }
        }
    }

    /** -1, which nothing can listen at, for what is no port. */
    private static int port(@Nullable String text, int usual) {
        try {
            return text == null ? usual : Integer.parseInt(text);
        } catch (NumberFormatException tooLong) {
            return -1;
        }
    }

    private static Optional<Path> path(String text) {
        try {
            return Optional.of(Path.of(text));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }
}
