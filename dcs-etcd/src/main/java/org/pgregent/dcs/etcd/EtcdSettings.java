package org.pgregent.dcs.etcd;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The section {@code etcd3} or {@code etcd} of the configuration.
 *
 * @param hostsKey the key that names the servers, for messages
 * @param hosts the servers; empty if DNS names them
 * @param srv where DNS names them
 * @param asksForMembers whether the servers may be asked for further ones; a proxy may not be passed by
 */
record EtcdSettings(
        String section,
        String hostsKey,
        List<Endpoint> hosts,
        Optional<Srv> srv,
        boolean asksForMembers,
        Optional<Login> login,
        Tls tls) {

    private static final Logger LOG = LoggerFactory.getLogger(EtcdSettings.class);

    /** What names the servers, the strongest first. */
    private static final List<String> PLACES =
            List.of("proxy", "url", "srv", "discovery_srv", "srv_domain", "hosts", "host");

    private static final Set<String> KNOWN = Set.of(
            "host",
            "hosts",
            "port",
            "url",
            "proxy",
            "use_proxies",
            "srv",
            "srv_suffix",
            "discovery_srv",
            "srv_domain",
            "protocol",
            "username",
            "password",
            "cacert",
            "cert",
            "key");

    /** A domain whose SRV records name the servers, and what is appended to the name of the service. */
    record Srv(String domain, Optional<String> suffix) {}

    /** The password is not to be seen in any text. */
    record Login(String user, String password) {
        @Override
        public String toString() {
            return user;
        }
    }

    /** Where the servers are, with what a URL says besides. */
    private record Place(List<Endpoint> hosts, Optional<Login> login) {}

    EtcdSettings {
        hosts = List.copyOf(hosts);
    }

    static EtcdSettings parse(String section, Map<String, Object> settings) throws DcsRefusedException {
        // Unknown keys are no error, by the contract; but a typing error should not go unseen.
        settings.keySet().stream()
                .filter(key -> !KNOWN.contains(key))
                .sorted()
                .forEach(key -> LOG.warn(
                        "{}.{} is not known and ignored; known are {}",
                        section,
                        key,
                        KNOWN.stream().sorted().toList()));
        return new Parser(section, settings).parse();
    }

    private record Parser(String section, Map<String, Object> settings) {

        EtcdSettings parse() throws DcsRefusedException {
            List<String> given = PLACES.stream().filter(settings::containsKey).toList();
            if (given.isEmpty()) {
                throw refused(
                        "hosts",
                        "is missing",
                        "name the servers by " + section + ".hosts (host:port, ...), or by host, url, proxy or srv");
            }
            String key = given.get(0);
            if (given.size() > 1) {
                LOG.warn(
                        "{}.{} names the servers; {} of {} not used",
                        section,
                        key,
                        given.subList(1, given.size()),
                        section);
            }
            boolean https = https();
            boolean proxies = isTrue("use_proxies") || key.equals("proxy");
            if (key.contains("srv")) {
                if (proxies) {
                    throw refused(
                            "use_proxies",
                            "is true, but " + section + "." + key + " finds the servers themselves",
                            "name the proxies by " + section + ".hosts, or set use_proxies to false");
                }
                Srv srv = new Srv(text(key).orElseThrow(() -> empty(key)), text("srv_suffix"));
                // Which protocol it is goes with the name of the record that is found.
                return new EtcdSettings(section, key, List.of(), Optional.of(srv), true, login(), tls(true));
            }
            Place place = place(key, https);
            boolean tls = place.hosts.get(0).tls();
            Optional<Login> login = place.login.isPresent() ? place.login : login();
            return new EtcdSettings(section, key, place.hosts, Optional.empty(), !proxies, login, tls(tls));
        }

        private Place place(String key, boolean https) throws DcsRefusedException {
            return switch (key) {
                case "proxy", "url" -> url(key);
                case "host" -> {
                    List<Endpoint> hosts = hosts(key, https);
                    if (hosts.size() != 1) {
                        throw refused(
                                key, "names " + hosts.size() + " servers", "use " + section + ".hosts for several");
                    }
                    yield new Place(hosts, Optional.empty());
                }
                default -> new Place(hosts(key, https), Optional.empty());
            };
        }

        private List<Endpoint> hosts(String key, boolean https) throws DcsRefusedException {
            List<Endpoint> hosts = new ArrayList<>();
            Object value = settings.get(key);
            List<?> items = value instanceof List<?> list
                    ? list
                    : List.of(String.valueOf(value).split(","));
            for (Object item : items) {
                // Items of a list taken from the environment may be quoted within the text.
                String bare = String.valueOf(item).trim().replaceAll("^['\"]|['\"]$", "");
                if (bare.isBlank()) {
                    continue;
                }
                try {
                    hosts.add(Endpoint.parse(bare, port(), https));
                } catch (IllegalArgumentException e) {
                    throw refused(
                            key,
                            "has the entry '" + withoutPassword(bare) + "': " + e.getMessage(),
                            "write host:port, or one URL as " + section + ".url");
                }
            }
            if (hosts.isEmpty()) {
                throw empty(key);
            }
            return hosts;
        }

        private int port() throws DcsRefusedException {
            Optional<String> port = text("port");
            try {
                return port.isEmpty() ? Endpoint.DEFAULT_PORT : Integer.parseInt(port.get());
            } catch (NumberFormatException e) {
                throw refused("port", "is '" + port.get() + "'", "write a number from 1 to 65535");
            }
        }

        private Place url(String key) throws DcsRefusedException {
            String text = text(key).orElseThrow(() -> empty(key));
            String remedy = "write http://host:port or https://host:port";
            try {
                URI uri = new URI(text);
                Endpoint endpoint = Endpoint.of(uri);
                String path = uri.getRawPath();
                if ((path != null && !path.isEmpty() && !path.equals("/")) || uri.getRawQuery() != null) {
                    throw refused(
                            key,
                            "is '" + withoutPassword(text) + "', but etcd's v3 API cannot be reached below a path",
                            remedy);
                }
                String user = uri.getRawUserInfo();
                if (user == null) {
                    return new Place(List.of(endpoint), Optional.empty());
                }
                int colon = user.indexOf(':');
                if (colon <= 0 || colon == user.length() - 1) {
                    throw refused(key, "has a user without a password", "write user:password@ before the host");
                }
                return new Place(
                        List.of(endpoint),
                        Optional.of(new Login(decoded(user.substring(0, colon)), decoded(user.substring(colon + 1)))));
            } catch (URISyntaxException e) {
                // Its message repeats the whole text, which may hold a password.
                throw refused(key, "is '" + withoutPassword(text) + "', which is no URL", remedy);
            } catch (IllegalArgumentException e) {
                throw refused(key, "is '" + withoutPassword(text) + "': " + e.getMessage(), remedy);
            }
        }

        private static String decoded(String text) {
            // Unlike in a form, a plus sign is itself here.
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        }

        private static String withoutPassword(String text) {
            return text.replaceAll("(//|^)[^/@]*@", "$1");
        }

        private boolean https() throws DcsRefusedException {
            String protocol = text("protocol").orElse("http").toLowerCase(Locale.ROOT);
            if (!protocol.equals("http") && !protocol.equals("https")) {
                throw refused("protocol", "is '" + protocol + "'", "write http or https");
            }
            return protocol.equals("https");
        }

        private Optional<Login> login() throws DcsRefusedException {
            Optional<String> user = text("username");
            Optional<String> password = text("password");
            if (user.isPresent() != password.isPresent()) {
                throw user.isPresent()
                        ? refused("password", "is missing", "set it, or leave out " + section + ".username")
                        : refused("username", "is missing", "set it, or leave out " + section + ".password");
            }
            return user.map(name -> new Login(name, password.orElseThrow()));
        }

        private Tls tls(boolean used) throws DcsRefusedException {
            Optional<Path> cacert = file("cacert", used);
            Optional<Path> cert = file("cert", used);
            Optional<Path> key = file("key", used);
            if (!used) {
                if (cacert.isPresent() || cert.isPresent()) {
                    LOG.warn("{}: nothing is encrypted, the TLS files are not used; set protocol to https", section);
                }
                return new Tls(section, Optional.empty(), Optional.empty(), Optional.empty());
            }
            if (key.isPresent() && cert.isEmpty()) {
                throw refused("cert", "is missing, but " + section + ".key is set", "set both, or none");
            }
            return new Tls(section, cacert, cert, key);
        }

        private Optional<Path> file(String key, boolean used) throws DcsRefusedException {
            Optional<Path> path = text(key).map(Path::of);
            if (used && path.isPresent() && !Files.isReadable(path.get())) {
                throw refused(
                        key, "is '" + path.get() + "', which cannot be read", "give a PEM file this user may read");
            }
            return path;
        }

        private boolean isTrue(String key) throws DcsRefusedException {
            String value = text(key).orElse("false").toLowerCase(Locale.ROOT);
            return switch (value) {
                case "true", "yes", "on", "1" -> true;
                case "false", "no", "off", "0" -> false;
                default -> throw refused(key, "is '" + value + "'", "write true or false");
            };
        }

        private Optional<String> text(String key) {
            @Nullable Object value = settings.get(key);
            return Optional.ofNullable(value)
                    .map(some -> String.valueOf(some).trim())
                    .filter(some -> !some.isEmpty());
        }

        private DcsRefusedException empty(String key) {
            return refused(key, "is empty", "name at least one server");
        }

        private DcsRefusedException refused(String key, String what, String remedy) {
            return new DcsRefusedException(section + "." + key + " " + what + "; " + remedy);
        }
    }
}
