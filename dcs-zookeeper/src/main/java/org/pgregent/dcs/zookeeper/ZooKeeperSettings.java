package org.pgregent.dcs.zookeeper;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.curator.framework.api.ACLProvider;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.pgregent.dcs.spi.DcsRefusedException;

/**
 * The section {@code zookeeper} of the configuration, as far as it concerns the client.
 *
 * @param chroot the node all keys are below, such as {@code /ours}; empty for the root
 * @param acls what every node is created with
 * @param tick the servers' tick: how coarsely they count a session's time
 * @param ownsTree the servers are ours alone, so that their root shall have our ACLs too
 * @param tls how to encrypt; empty for not at all
 */
record ZooKeeperSettings(
        String section,
        List<HostPort> hosts,
        String chroot,
        Map<String, byte[]> authData,
        List<ACL> acls,
        Duration tick,
        boolean ownsTree,
        Optional<TlsSettings> tls) {

    private static final Set<String> KNOWN = Set.of(
            "hosts",
            "use_ssl",
            "cacert",
            "cert",
            "key",
            "key_password",
            "verify",
            "set_acls",
            "auth_data",
            "tick_time",
            "embedded");
    private static final Duration DEFAULT_TICK = Duration.ofSeconds(2);
    private static final Pattern CHROOT = Pattern.compile("(/[^/]+)+");

    ZooKeeperSettings {
        hosts = List.copyOf(hosts);
        authData = Collections.unmodifiableMap(new LinkedHashMap<>(authData));
        acls = List.copyOf(acls);
    }

    static ZooKeeperSettings parse(String section, Map<String, Object> settings, Optional<EmbeddedSettings> embedded)
            throws DcsRefusedException {
        for (String key : settings.keySet()) {
            if (!KNOWN.contains(key)) {
                throw refused(
                        section + "." + key,
                        "is not known",
                        "known are " + KNOWN.stream().sorted().toList());
            }
        }
        Map<String, byte[]> auth = authData(section, settings.get("auth_data"));
        List<ACL> acls = acls(section, settings.get("set_acls"));
        if (embedded.isEmpty()) {
            Duration tick = settings.containsKey("tick_time")
                    ? millis(section + ".tick_time", settings.get("tick_time"))
                    : DEFAULT_TICK;
            Optional<TlsSettings> tls = isTrue(section + ".use_ssl", settings.get("use_ssl"))
                    ? Optional.of(TlsSettings.parse(section, settings))
                    : Optional.empty();
            List<String> texts = hostTexts(section, settings.get("hosts"));
            return new ZooKeeperSettings(
                    section, hosts(section, texts), chroot(section, texts), auth, acls, tick, false, tls);
        }
        for (String own : List.of("hosts", "set_acls", "auth_data", "tick_time", "use_ssl", "cacert", "cert", "key")) {
            if (settings.containsKey(own)) {
                throw refused(
                        section + "." + own,
                        "does not go with " + section + ".embedded",
                        "what concerns embedded servers and the way to them is set below " + section + ".embedded");
            }
        }
        EmbeddedSettings peer = embedded.get();
        return new ZooKeeperSettings(
                section, peer.clientHosts(), "", peer.clientAuth(), peer.clientAcls(), peer.tick(), true, peer.tls());
    }

    /** By how much a server may end a lease early. */
    Duration slack() {
        return Touches.slack(tick);
    }

    /** A server that has not answered for this long is left for another; ZooKeeper itself waits for two thirds of the ttl. */
    Duration answerLimit(Duration ttl) {
        Duration sixth = ttl.dividedBy(6);
        Duration twoTicks = tick.multipliedBy(2);
        return sixth.compareTo(twoTicks) > 0 ? sixth : twoTicks;
    }

    ACLProvider aclProvider() {
        List<ACL> all = acls;
        return new ACLProvider() {
            @Override
            public List<ACL> getDefaultAcl() {
                return all;
            }

            @Override
            public List<ACL> getAclForPath(String path) {
                return all;
            }
        };
    }

    /** As given, without the quotes that hosts from Patroni's own file may have within the text. */
    private static List<String> hostTexts(String section, Object value) throws DcsRefusedException {
        List<String> texts = new ArrayList<>();
        if (value instanceof List<?> list) {
            list.forEach(item -> texts.add(String.valueOf(item)));
        } else if (value instanceof String text) {
            texts.addAll(List.of(text.split(",")));
        } else {
            throw refused(
                    section + ".hosts",
                    value == null ? "is missing" : "is neither a list nor a text",
                    "give the servers as host:port, or use " + section + ".embedded");
        }
        return texts.stream()
                .map(text -> text.trim().replaceAll("^['\"]|['\"]$", ""))
                .filter(text -> !text.isBlank())
                .toList();
    }

    private static List<HostPort> hosts(String section, List<String> texts) throws DcsRefusedException {
        List<HostPort> hosts = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            String text = texts.get(i);
            int slash = text.indexOf('/');
            // As ZooKeeper has it: what follows the last server is the chroot of all.
            String server = slash >= 0 && i == texts.size() - 1 ? text.substring(0, slash) : text;
            try {
                hosts.add(HostPort.parse(server));
            } catch (IllegalArgumentException e) {
                throw refused(section + ".hosts", "has the entry '" + text + "': " + e.getMessage(), "write host:port");
            }
        }
        if (hosts.isEmpty()) {
            throw refused(section + ".hosts", "is empty", "give at least one host:port");
        }
        return hosts;
    }

    private static String chroot(String section, List<String> texts) throws DcsRefusedException {
        String last = texts.get(texts.size() - 1);
        String path =
                last.indexOf('/') < 0 ? "" : last.substring(last.indexOf('/')).replaceFirst("/$", "");
        if (!path.isEmpty() && !CHROOT.matcher(path).matches()) {
            throw refused(
                    section + ".hosts", "has the chroot '" + path + "', which is no path", "write host:port/path");
        }
        return path;
    }

    private static Map<String, byte[]> authData(String section, Object value) throws DcsRefusedException {
        Map<String, byte[]> auth = new LinkedHashMap<>();
        if (value == null) {
            return auth;
        }
        if (!(value instanceof Map<?, ?> map)) {
            throw refused(
                    section + ".auth_data", "is no map", "write scheme: credential, such as digest: user:password");
        }
        map.forEach((scheme, credential) ->
                auth.put(String.valueOf(scheme), String.valueOf(credential).getBytes(StandardCharsets.UTF_8)));
        return auth;
    }

    private static List<ACL> acls(String section, Object value) throws DcsRefusedException {
        if (value == null) {
            return ZooDefs.Ids.OPEN_ACL_UNSAFE;
        }
        if (!(value instanceof Map<?, ?> map)) {
            throw refused(
                    section + ".set_acls", "is no map", "write principal: [CREATE, READ, WRITE, DELETE, ADMIN or ALL]");
        }
        List<ACL> acls = new ArrayList<>();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            String principal = String.valueOf(entry.getKey());
            int colon = principal.indexOf(':');
            Id id = colon < 0
                    ? new Id("x509", principal)
                    : new Id(principal.substring(0, colon), principal.substring(colon + 1));
            acls.add(new ACL(permissions(section, principal, entry.getValue()), id));
        }
        if (acls.isEmpty()) {
            throw refused(section + ".set_acls", "is empty", "leave it out, or name who may do what");
        }
        return acls;
    }

    private static int permissions(String section, String principal, Object value) throws DcsRefusedException {
        List<?> names = value instanceof List<?> list
                ? list
                : List.of(String.valueOf(value).split(","));
        int permissions = 0;
        for (Object name : names) {
            permissions |= switch (String.valueOf(name).trim()) {
                case "CREATE" -> ZooDefs.Perms.CREATE;
                case "READ" -> ZooDefs.Perms.READ;
                case "WRITE" -> ZooDefs.Perms.WRITE;
                case "DELETE" -> ZooDefs.Perms.DELETE;
                case "ADMIN" -> ZooDefs.Perms.ADMIN;
                case "ALL" -> ZooDefs.Perms.ALL;
                default ->
                    throw refused(
                            section + ".set_acls",
                            "gives '" + principal + "' the unknown permission '" + name + "'",
                            "known are CREATE, READ, WRITE, DELETE, ADMIN, ALL");
            };
        }
        return permissions;
    }

    static boolean isTrue(String key, Object value) throws DcsRefusedException {
        if (value == null) {
            return false;
        }
        return switch (String.valueOf(value).trim().toLowerCase(Locale.ROOT)) {
            case "true", "yes", "on", "1" -> true;
            case "false", "no", "off", "0" -> false;
            default -> throw refused(key, "is '" + value + "'", "write true or false");
        };
    }

    static Duration millis(String key, Object value) throws DcsRefusedException {
        try {
            long millis = Long.parseLong(String.valueOf(value));
            if (millis >= 50 && millis <= 60_000) {
                return Duration.ofMillis(millis);
            }
        } catch (NumberFormatException e) {
            throw refused(key, "is '" + value + "'", "write milliseconds as a whole number");
        }
        throw refused(key, "is " + value, "write 50 to 60000 milliseconds");
    }

    static DcsRefusedException refused(String key, String what, String remedy) {
        return new DcsRefusedException(key + " " + what + "; " + remedy);
    }
}
