package org.pgregent.launcher.config;

import static org.pgregent.launcher.config.Key.flag;
import static org.pgregent.launcher.config.Key.key;
import static org.pgregent.launcher.config.Key.text;
import static org.pgregent.launcher.config.Key.whole;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.pgregent.launcher.config.Key.Draft;

/** The sections of the stores. Whether a value makes sense is for the store's own module to say; here are names and shapes. */
final class StoreKeys {

    static final List<Key> ALL = Stream.of(consul(), etcd("etcd"), etcd("etcd3"), zookeeper(), others())
            .flatMap(List::stream)
            .map(Draft::build)
            .toList();

    private StoreKeys() {}

    private static List<Draft> consul() {
        return List.of(
                text("consul.host", "host, or host:port, of the local Consul agent")
                        .or("127.0.0.1:8500")
                        .env(),
                whole("consul.port", 1, 65_535, "its port").or(8500).env(),
                text("consul.url", "both, as http(s)://host:port").env(),
                text("consul.scheme", "http or https")
                        .or("http")
                        .oneOf("http", "https")
                        .env(),
                text("consul.token", "ACL token").secret().env(),
                flag("consul.verify", "verify its certificate").or(true).env(),
                text("consul.cacert", "certificates that may sign it").env(),
                text("consul.cert", "own certificate").env(),
                text("consul.key", "its key").env(),
                text("consul.key_password", "the key's password").secret(),
                text("consul.dc", "datacenter").env(),
                text("consul.consistency", "of reads that wait for a change")
                        .or("default")
                        .oneOf("default", "consistent", "stale")
                        .env(),
                key(Kind.TEXTS, "consul.checks", "health checks the session ends with")
                        .or("[]")
                        .env(),
                flag("consul.register_service", "list this node as a service")
                        .or(false)
                        .env(),
                key(Kind.TEXTS, "consul.service_tags", "further tags of the service")
                        .env(),
                text("consul.service_check_interval", "how often Consul asks")
                        .or("5s")
                        .env(),
                text("consul.service_check_tls_server_name", "name it expects in the certificate")
                        .env());
    }

    private static List<Draft> etcd(String section) {
        List<Draft> drafts = new ArrayList<>(List.of(
                text("host", "host, or host:port, of one server"),
                key(Kind.TEXTS, "hosts", "several of them"),
                whole("port", 1, 65_535, "port of those that name none").or(2379),
                text("url", "one server as http(s)://user:password@host:port"),
                text("proxy", "the same for a proxy"),
                flag("use_proxies", "the hosts are proxies: do not ask them for members")
                        .or(false),
                text("srv", "domain whose SRV records name the servers"),
                text("srv_suffix", "appended to the name of the service"),
                text("protocol", "http or https").or("http").oneOf("http", "https"),
                text("username", "user"),
                text("password", "its password").secret(),
                text("cacert", "certificates that may sign a server's"),
                text("cert", "own certificate"),
                text("key", "its key")));
        drafts.forEach(draft -> draft.below(section).env());
        drafts.add(text("discovery_srv", "old name of srv").below(section));
        drafts.add(text("srv_domain", "old name of srv").below(section));
        return drafts;
    }

    private static List<Draft> zookeeper() {
        return List.of(
                key(Kind.TEXTS, "zookeeper.hosts", "servers as host:port").env(),
                flag("zookeeper.use_ssl", "encrypt").or(false).env(),
                text("zookeeper.cacert", "certificates that may sign a server's")
                        .env(),
                text("zookeeper.cert", "own certificate").env(),
                text("zookeeper.key", "its key").env(),
                text("zookeeper.key_password", "the key's password").secret().env(),
                flag("zookeeper.verify", "verify the servers' certificates")
                        .or(true)
                        .env(),
                key(Kind.MAP, "zookeeper.set_acls", "who may do what: principal to list of permissions")
                        .env(),
                key(Kind.MAP, "zookeeper.auth_data", "credential by scheme")
                        .secret()
                        .env(),
                whole("zookeeper.tick_time", 1, 60_000, "the servers' tickTime in milliseconds")
                        .or(2000),
                key(Kind.SECTION, "zookeeper.exhibitor", "old place of the section exhibitor"),
                key(
                        Kind.MAP,
                        "zookeeper.embedded",
                        "servers the agents run in themselves: id, data_dir, log_dir, secret, servers (id to"
                                + " host:peer:election:client), servers_version, tick_time, cacert, cert, key"));
    }

    /** Known, so that nobody takes them for typing errors; no module here answers for them. */
    private static List<Draft> others() {
        List<Draft> drafts = new ArrayList<>();
        drafts.add(key(Kind.TEXTS, "exhibitor.hosts", "Exhibitor's hosts").env());
        drafts.add(whole("exhibitor.port", 1, 65_535, "their port").env());
        drafts.add(whole("exhibitor.poll_interval", 1, Integer.MAX_VALUE, "seconds between two questions")
                .or(300));
        for (String name : List.of(
                "namespace",
                "context",
                "scope_label",
                "role_label",
                "leader_label_value",
                "follower_label_value",
                "standby_leader_label_value",
                "tmp_role_label",
                "pod_ip",
                "cacert")) {
            drafts.add(text("kubernetes." + name, "as Patroni has it").env());
        }
        for (String name : List.of("labels", "bootstrap_labels")) {
            drafts.add(key(Kind.MAP, "kubernetes." + name, "as Patroni has it").env());
        }
        for (String name : List.of("use_endpoints", "bypass_api_service")) {
            drafts.add(flag("kubernetes." + name, "as Patroni has it").env());
        }
        drafts.add(key(Kind.LIST, "kubernetes.ports", "as Patroni has it").env());
        drafts.add(key(Kind.TEXTS, "kubernetes.retriable_http_codes", "as Patroni has it")
                .env("KUBERNETES_RETRIABLE_HTTP_CODES", "RETRIABLE_HTTP_CODES"));
        for (String name : List.of("self_addr", "bind_addr", "data_dir")) {
            drafts.add(text("raft." + name, "as Patroni has it").env());
        }
        drafts.add(key(Kind.TEXTS, "raft.partner_addrs", "as Patroni has it").env());
        drafts.add(text("raft.password", "as Patroni has it").secret().env());
        for (String name : List.of(
                "min_timeout",
                "max_timeout",
                "connection_timeout",
                "append_entries_period",
                "connection_retry_time",
                "leader_fallback_timeout")) {
            drafts.add(
                    key(Kind.REAL, "raft." + name, "as Patroni has it").env("RAFT_" + name.toUpperCase(Locale.ROOT)));
        }
        return drafts;
    }
}
