package org.pgregent.launcher.config;

import static org.pgregent.launcher.config.Key.flag;
import static org.pgregent.launcher.config.Key.key;
import static org.pgregent.launcher.config.Key.text;
import static org.pgregent.launcher.config.Key.whole;

import java.util.List;
import java.util.stream.Stream;
import org.pgregent.launcher.config.Key.Draft;

/** The top level, and the sections that belong to neither PostgreSQL, the REST interface nor a store. */
final class GlobalKeys {

    static final List<Key> ALL = Stream.of(top(), log(), bootstrap(), ctl(), watchdog(), tags(), citus(), own())
            .flatMap(List::stream)
            .map(Draft::build)
            .toList();

    private static final String DYNAMIC =
            "it belongs to the whole cluster: change it there, or set it in bootstrap.dcs before the cluster is made";

    private GlobalKeys() {}

    private static List<Draft> top() {
        return List.of(
                text("scope", "name of the cluster; part of its path in the store, and PostgreSQL's cluster_name")
                        .required()
                        .env(),
                text("name", "name of this node, unique in the cluster")
                        .required()
                        .env(),
                text("namespace", "path above all clusters in the store")
                        .or("/service")
                        .env(),
                whole("thread_pool_size", 1, 1000, "threads for parallel work")
                        .or(5)
                        .none("there is one thread for each member asked")
                        .env(),
                text("thread_stack_size", "stack of a thread")
                        .or("512kB")
                        .none("the JVM's flag -Xss sets it")
                        .env(),
                whole("ttl", 1, Long.MAX_VALUE, "lifetime of the leader key").none(DYNAMIC),
                whole("loop_wait", 1, Long.MAX_VALUE, "pause between passes").none(DYNAMIC),
                whole("retry_timeout", 1, Long.MAX_VALUE, "time for one pass").none(DYNAMIC),
                key(Kind.MAP, "standby_cluster", "the cluster to follow").none(DYNAMIC));
    }

    private static List<Draft> log() {
        return List.of(
                text("log.type", "plain or json")
                        .or("plain")
                        .oneOf("plain", "json")
                        .later()
                        .env(),
                text("log.level", "least level that is logged")
                        .or("INFO")
                        .oneOf("DEBUG", "INFO", "WARN", "WARNING", "ERROR", "FATAL", "CRITICAL")
                        .reloads()
                        .env("LOG_LEVEL", "LOGLEVEL"),
                text("log.traceback_level", "DEBUG: stack traces at that level only")
                        .or("ERROR")
                        .oneOf("DEBUG", "ERROR")
                        .later()
                        .env(),
                key(Kind.ANY, "log.format", "format of a line, with Python's LogRecord fields; a list for json")
                        .or("%(asctime)s %(levelname)s: %(message)s")
                        .later()
                        .env("LOG_FORMAT", "LOGFORMAT"),
                text("log.dateformat", "strftime format of the time").later().env("LOG_DATEFORMAT", "LOG_DATEFMT"),
                key(Kind.MAP, "log.static_fields", "further constant fields, with json")
                        .later()
                        .env(),
                whole("log.max_queue_size", 1, Integer.MAX_VALUE, "records kept in memory before they are written")
                        .or(1000)
                        .none("lines are written at once")
                        .env(),
                text("log.dir", "folder of the log file patroni.log, in place of standard error")
                        .later()
                        .env(),
                text("log.mode", "permissions of the log file, octal").later().env(),
                whole("log.file_num", 0, Integer.MAX_VALUE, "rotated files kept")
                        .or(4)
                        .later()
                        .env(),
                whole("log.file_size", 1, Long.MAX_VALUE, "bytes before rotation")
                        .or(25_000_000)
                        .later()
                        .env(),
                key(Kind.MAP, "log.loggers", "level by name of a logger; patroni stands for all of this program")
                        .reloads()
                        .env(),
                flag("log.deduplicate_heartbeat_logs", "leave out a heartbeat line equal to the one before")
                        .or(false)
                        .none("a decision is logged when it changes")
                        .env());
    }

    private static List<Draft> bootstrap() {
        String until = "until then this node makes no new cluster, for it would come to life without that";
        return List.of(
                key(Kind.SECTION, "bootstrap", "how a new cluster is made; a node without it never makes one")
                        .atBootstrap(),
                key(Kind.SECTION, "bootstrap.dcs", "the cluster's first configuration in the store; keys as below")
                        .atBootstrap(),
                text("bootstrap.method", "initdb, or the name of a section here that has a command")
                        .or("initdb")
                        .atBootstrap(),
                key(Kind.OPTIONS, "bootstrap.initdb", "options of initdb").atBootstrap(),
                key(Kind.LIST, "bootstrap.pg_hba", "lines for pg_hba.conf, unless postgresql.pg_hba is given")
                        .atBootstrap(),
                text("bootstrap.post_bootstrap", "command run on the new primary")
                        .later(until)
                        .atBootstrap(),
                text("bootstrap.post_init", "old name of post_bootstrap")
                        .later(until)
                        .atBootstrap(),
                key(Kind.MAP, "bootstrap.users", "users to make")
                        .none("this ended with Patroni 4")
                        .atBootstrap());
    }

    private static List<Draft> ctl() {
        return List.of(
                text("ctl.authentication.username", "user for unsafe requests to members")
                        .usually("restapi.authentication.username")
                        .reloads()
                        .later()
                        .env("CTL_USERNAME"),
                text("ctl.authentication.password", "its password")
                        .secret()
                        .reloads()
                        .later()
                        .env("CTL_PASSWORD"),
                flag("ctl.insecure", "do not verify the certificate of a member")
                        .or(false)
                        .reloads()
                        .later()
                        .env(),
                text("ctl.cacert", "certificates that may sign a member's")
                        .usually("restapi.cafile")
                        .reloads()
                        .later()
                        .env(),
                text("ctl.certfile", "own certificate").reloads().later().env(),
                text("ctl.keyfile", "its key").reloads().later().env(),
                text("ctl.keyfile_password", "the key's password")
                        .secret()
                        .reloads()
                        .later()
                        .env());
    }

    private static List<Draft> watchdog() {
        return List.of(
                text("watchdog.mode", "off, automatic or required: the hardware watchdog behind the guard")
                        .or("automatic")
                        .oneOf("off", "disable", "disabled", "false", "auto", "automatic", "require", "required")
                        .refused(
                                "the hardware watchdog comes with a later version, and nobody may lead without it then:"
                                        + " write automatic",
                                "require",
                                "required"),
                text("watchdog.device", "the device").or("/dev/watchdog").later(),
                whole("watchdog.safety_margin", -1, 3600, "seconds between the watchdog and the end of the lease")
                        .or(5)
                        .later(),
                text("watchdog.driver", "default or testing")
                        .or("default")
                        .oneOf("default", "testing")
                        .later());
    }

    private static List<Draft> tags() {
        return List.of(
                key(Kind.SECTION, "tags", "what this node is fit for; further names are published as they are")
                        .reloads(),
                flag("tags.nofailover", "never become leader").or(false).reloads(),
                whole(
                                "tags.failover_priority",
                                Integer.MIN_VALUE,
                                Integer.MAX_VALUE,
                                "of equal ones the higher leads; 0: never")
                        .or(1)
                        .reloads(),
                flag("tags.noloadbalance", "answer 503 to the health checks of replicas")
                        .or(false)
                        .reloads(),
                flag("tags.clonefrom", "others should be cloned from this one")
                        .or(false)
                        .reloads(),
                flag("tags.nosync", "never be a synchronous standby").or(false).reloads(),
                whole(
                                "tags.sync_priority",
                                Integer.MIN_VALUE,
                                Integer.MAX_VALUE,
                                "order of choosing synchronous standbys")
                        .or(1)
                        .reloads(),
                text("tags.replicatefrom", "stream from this member").reloads(),
                flag("tags.nostream", "no streaming, only restore_command")
                        .or(false)
                        .reloads());
    }

    private static List<Draft> citus() {
        String remedy =
                "Citus clusters have one cluster below each other's path, which comes with a later version: leave it out";
        return List.of(
                whole("citus.group", 0, Integer.MAX_VALUE, "number of the Citus group")
                        .refused(remedy)
                        .env(),
                text("citus.database", "database of Citus").refused(remedy).env());
    }

    private static List<Draft> own() {
        return List.of(
                text("regent.state_dir", "folder of what must outlive the agent; private")
                        .usually("beside the data folder: .NAME.regent"),
                whole("regent.minimum_ttl", 1, 20, "least ttl this node accepts; less than 20 only by this")
                        .or(20),
                text("regent.user", "whom an agent started as root becomes")
                        .usually("the owner of the data folder, or postgres"),
                flag("regent.witness", "this node has no PostgreSQL and only keeps a server of the embedded quorum")
                        .or(false),
                text("regent.plugins", "folder of further stores: a jar, or a folder of jars, for each")
                        .usually("plugins beside the program, if it is there"));
    }
}
