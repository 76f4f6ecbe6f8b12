package org.pgregent.launcher.config;

import static org.pgregent.launcher.config.Key.flag;
import static org.pgregent.launcher.config.Key.key;
import static org.pgregent.launcher.config.Key.text;
import static org.pgregent.launcher.config.Key.whole;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.pgregent.launcher.config.Key.Draft;

/** The section {@code postgresql}. What the cluster's configuration may set of it too is {@link #shared}. */
final class PostgresKeys {

    private static final List<String> ROLES = List.of("primary", "replica", "standby_leader");

    static final List<Key> ALL = Stream.of(place(), users(), programs(), shared("postgresql"), old())
            .flatMap(List::stream)
            .map(Draft::build)
            .toList();

    private PostgresKeys() {}

    private static List<Draft> place() {
        return List.of(
                text("postgresql.listen", "addresses and port; * stands for all")
                        .required()
                        .env(),
                text("postgresql.connect_address", "where others reach it; published")
                        .usually("the first address of listen")
                        .env(),
                text("postgresql.proxy_address", "address of a proxy, published as proxy_url")
                        .later()
                        .env(),
                text("postgresql.data_dir", "data folder").required().env(),
                text("postgresql.config_dir", "folder of postgresql.conf, pg_hba.conf and pg_ident.conf")
                        .usually("data_dir")
                        .env(),
                text("postgresql.config_base_name", "base name of postgresql.conf")
                        .or("postgresql")
                        .later(),
                text("postgresql.bin_dir", "folder of PostgreSQL's programs")
                        .usually("PATH and the usual places")
                        .env(),
                text("postgresql.database", "database of the agent's own connections")
                        .or("postgres"),
                flag("postgresql.use_unix_socket", "connect as superuser by a socket")
                        .or(false)
                        .later(),
                flag("postgresql.use_unix_socket_repl", "connect for replication by a socket")
                        .or(false)
                        .later(),
                text("postgresql.pgpass", "password file for programs; written by the agent")
                        .usually("~/pgpass")
                        .env(),
                text("postgresql.krbsrvname", "Kerberos service").later());
    }

    private static List<Draft> users() {
        List<Draft> drafts = new ArrayList<>();
        for (String user : List.of("superuser", "replication", "rewind")) {
            String at = "postgresql.authentication." + user;
            String prefix = user.toUpperCase(Locale.ROOT) + "_";
            Draft name = text(at + ".username", "the user").env(prefix + "USERNAME");
            drafts.add(user.equals("rewind") ? name.usually("superuser") : name.required());
            drafts.add(text(at + ".password", "its password").secret().env(prefix + "PASSWORD"));
            List.of(
                            "sslmode",
                            "sslcert",
                            "sslkey",
                            "sslpassword",
                            "sslrootcert",
                            "sslcrl",
                            "sslcrldir",
                            "gssencmode",
                            "channel_binding",
                            "sslnegotiation")
                    .forEach(name2 -> {
                        Draft draft =
                                text(at + "." + name2, "as libpq has it").env(prefix + name2.toUpperCase(Locale.ROOT));
                        drafts.add(name2.equals("sslpassword") ? draft.secret() : draft);
                    });
        }
        return drafts;
    }

    private static List<Draft> programs() {
        return Stream.of("pg_ctl", "initdb", "pg_controldata", "pg_basebackup", "postgres", "pg_isready", "pg_rewind")
                .map(program -> text("postgresql.bin_name." + program, "other name of this program")
                        .env("POSTGRESQL_BIN_" + program.toUpperCase(Locale.ROOT)))
                .toList();
    }

    /** What a node's file and the cluster's configuration both may set. */
    static List<Draft> shared(String parent) {
        return shared(parent, draft -> draft);
    }

    /** The same in the cluster's configuration. */
    static List<Draft> ofTheCluster(String parent) {
        return shared(parent, draft -> draft.later("until then write it in each node's file"));
    }

    /** @param ofNodes what is only read from a node's file yet */
    private static List<Draft> shared(String parent, UnaryOperator<Draft> ofNodes) {
        List<Draft> drafts = new ArrayList<>();
        drafts.add(key(
                        Kind.MAP,
                        "parameters",
                        "parameters of PostgreSQL; those the agent controls count only in the"
                                + " cluster's configuration")
                .reloads());
        drafts.add(key(Kind.LIST, "pg_hba", "whole content of pg_hba.conf").reloads());
        drafts.add(ofNodes.apply(
                key(Kind.LIST, "pg_ident", "whole content of pg_ident.conf").reloads()));
        for (String role : ROLES) {
            drafts.add(key(Kind.MAP, "parameters_" + role, "over parameters in that role")
                    .later());
            drafts.add(key(Kind.LIST, "pg_hba_" + role, "in place of pg_hba in that role")
                    .refused("other lines would let in whom these keep out, and they come with a later version:"
                            + " write pg_hba for all roles"));
            drafts.add(key(Kind.LIST, "pg_ident_" + role, "in place of pg_ident in that role")
                    .refused("other lines would let in whom these keep out, and they come with a later version:"
                            + " write pg_ident for all roles"));
        }
        drafts.addAll(List.of(
                key(Kind.MAP, "recovery_conf", "settings of a standby, such as restore_command")
                        .reloads(),
                ofNodes.apply(text("custom_conf", "file included in place of postgresql.base.conf")
                        .reloads()),
                key(Kind.MAP, "callbacks", "commands on_start, on_stop, on_restart, on_reload, on_role_change")
                        .later(),
                key(Kind.LIST, "create_replica_methods", "ways to clone, in order")
                        .or("[basebackup]")
                        .later(),
                key(Kind.LIST, "create_replica_method", "old name of create_replica_methods")
                        .later(),
                ofNodes.apply(key(Kind.OPTIONS, "basebackup", "options of pg_basebackup")
                        .reloads()),
                ofNodes.apply(
                        key(Kind.OPTIONS, "rewind", "options of pg_rewind").reloads()),
                ofNodes.apply(whole("pg_ctl_timeout", 0, 86_400, "seconds a start may take")
                        .or(60)
                        .reloads()),
                flag("use_pg_rewind", "bring an old primary back with pg_rewind")
                        .or(false)
                        .reloads(),
                flag("remove_data_directory_on_rewind_failure", "clone again when pg_rewind failed")
                        .or(false)
                        .reloads(),
                flag("remove_data_directory_on_diverged_timelines", "clone again when pg_rewind is not possible")
                        .or(false)
                        .reloads(),
                text("pre_promote", "command that may forbid a promotion")
                        .refused("a promotion would not ask it, for that comes with a later version: leave it out"),
                text("before_stop", "command run before PostgreSQL is stopped").later()));
        drafts.forEach(draft -> draft.below(parent));
        return drafts;
    }

    private static List<Draft> old() {
        return List.of(
                text("postgresql.name", "old place of name"),
                key(Kind.MAP, "postgresql.superuser", "old place of authentication.superuser"),
                key(Kind.MAP, "postgresql.replication", "old place of authentication.replication"),
                key(Kind.ANY, "postgresql.pg_rewind", "old form of use_pg_rewind and authentication.superuser"),
                flag("postgresql.use_slots", "slots for members")
                        .none("it belongs to the whole cluster: set it in its configuration"));
    }
}
