package org.pgregent.launcher;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.pgregent.core.model.NodeName;
import org.pgregent.pg.PgConfig;
import org.pgregent.pg.PgConfig.Credentials;
import org.pgregent.pg.PgConfig.HostPort;
import org.pgregent.pg.PgConfig.Network;

/** Reads the section {@code postgresql} into what the PostgreSQL module wants. */
final class PostgresSection {

    private static final Set<String> CONNECTION_KEYS = Set.of(
            "sslmode",
            "sslcert",
            "sslkey",
            "sslpassword",
            "sslrootcert",
            "sslcrl",
            "sslcrldir",
            "gssencmode",
            "channel_binding",
            "sslnegotiation");

    private final Section section;
    private final List<String> problems;

    PostgresSection(Section section, List<String> problems) {
        this.section = section;
        this.problems = problems;
    }

    Optional<Path> dataDir() {
        if (!section.has("data_dir")) {
            section.required(
                    "data_dir", "name the folder of this node's PostgreSQL data, such as /var/lib/postgresql/15/main");
        }
        Optional<Path> dataDir = section.absolutePath("data_dir");
        if (dataDir.isPresent() && dataDir.get().getFileName() == null) {
            section.problem("data_dir", "is the root of all files", "name a folder of its own");
            return Optional.empty();
        }
        return dataDir;
    }

    /** Empty, or of no use, if something is wrong; the problems tell what. */
    Optional<PgConfig> read(String scope, NodeName name, Path dataDir, Path stateDir, Section bootstrap) {
        // A wrong one is noted already; the rest is read all the same, for its own problems.
        Network network = network().orElse(new Network(List.of("localhost"), 5432, new HostPort("localhost", 5432)));
        Section login = section.section("authentication");
        Credentials superuser = credentials(login.section("superuser"), "postgres");
        Credentials replication = credentials(login.section("replication"), "replicator");
        Credentials rewind = login.has("rewind") ? credentials(login.section("rewind"), "rewind") : superuser;
        Map<String, String> parameters = new TreeMap<>();
        section.texts("parameters").forEach((key, value) -> parameters.put(key.toLowerCase(Locale.ROOT), value));
        try {
            PgConfig.Folders folders = new PgConfig.Folders(
                    dataDir,
                    section.absolutePath("config_dir").orElse(dataDir),
                    stateDir,
                    section.absolutePath("bin_dir"),
                    section.texts("bin_name"),
                    pgpass(stateDir));
            return Optional.of(new PgConfig(
                    scope,
                    name,
                    network,
                    folders,
                    new PgConfig.Authentication(superuser, replication, rewind),
                    section.text("database").orElse("postgres"),
                    new TreeMap<>(parameters),
                    section.lines("pg_hba"),
                    section.lines("pg_ident"),
                    section.texts("recovery_conf"),
                    new PgConfig.Bootstrap(bootstrap.options("initdb"), bootstrap.lines("pg_hba")),
                    new PgConfig.ToolOptions(section.options("basebackup"), section.options("rewind")),
                    section.text("custom_conf"),
                    Duration.ofSeconds(section.whole("pg_ctl_timeout", 60, 0, 86_400))));
        } catch (IllegalArgumentException refused) {
            problems.add("postgresql: " + refused.getMessage() + ": correct the setting");
            return Optional.empty();
        }
    }

    private Optional<Network> network() {
        String listen = section.required("listen", "give PostgreSQL's address and port, such as 10.0.0.1:5432");
        if (listen.isEmpty()) {
            return Optional.empty();
        }
        int lastComma = listen.lastIndexOf(',');
        Optional<Address> last = Address.parse(listen.substring(lastComma + 1), 5432);
        if (last.isEmpty() || last.get().host().isEmpty()) {
            section.problem("listen", "is not address[,address...]:port", "write such as 127.0.0.1,10.0.0.1:5432");
            return Optional.empty();
        }
        List<String> hosts = new java.util.ArrayList<>();
        if (lastComma >= 0) {
            Arrays.stream(listen.substring(0, lastComma).split(","))
                    .map(String::trim)
                    .forEach(hosts::add);
        }
        hosts.add(last.get().host());
        if (hosts.contains("*") && hosts.size() > 1) {
            section.problem("listen", "has '*' beside others", "write * alone, for it means all addresses");
        }
        Network alone = new Network(
                hosts, last.get().port(), new HostPort("localhost", last.get().port()));
        Optional<Address> connect = section.text("connect_address").flatMap(text -> {
            Optional<Address> address = Address.parse(text, 5432);
            if (address.isEmpty() || address.get().isAny()) {
                section.problem("connect_address", "is not an address others can connect to", "write host:port");
                return Optional.empty();
            }
            return address;
        });
        HostPort reached = connect.map(a -> new HostPort(a.host(), a.port())).orElse(alone.local());
        return Optional.of(new Network(hosts, alone.port(), reached));
    }

    private static Credentials credentials(Section user, String example) {
        String name = user.required("username", "name the user, such as " + example);
        Map<String, String> options = new LinkedHashMap<>();
        user.values().forEach((key, value) -> {
            if (CONNECTION_KEYS.contains(key) && value != null) {
                options.put(key, Section.scalar(value));
            }
        });
        return new Credentials(name.isEmpty() ? example : name, user.text("password"), options);
    }

    /** {@code ~/pgpass}, as the contract has it; a user without a home of its own gets it beside the agent's state. */
    private Path pgpass(Path stateDir) {
        Path home = Path.of(System.getProperty("user.home", "/"));
        return section.absolutePath("pgpass")
                .orElse(Files.isWritable(home) ? home.resolve("pgpass") : stateDir.resolve("pgpass"));
    }
}
