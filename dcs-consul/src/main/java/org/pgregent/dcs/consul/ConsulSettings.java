package org.pgregent.dcs.consul;

import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.tls.TlsFiles;

/**
 * The section {@code consul} of the configuration.
 *
 * @param address scheme, host and port of the agent, nothing else
 * @param tls present if the scheme is https
 * @param watchMode how a watch may be answered; reads and writes that decide something never depend on it
 * @param checks health checks a session ends with; none by default, so that only its time can end it
 */
record ConsulSettings(
        String section,
        URI address,
        Optional<String> token,
        Optional<TlsFiles> tls,
        Optional<String> datacenter,
        WatchMode watchMode,
        List<String> checks,
        Optional<Registration> registration) {

    enum WatchMode {
        DEFAULT,
        CONSISTENT,
        STALE
    }

    /**
     * How this node's service is listed.
     *
     * @param tags beside those that tell what it is at the moment, sorted
     * @param checkInterval in Consul's own notation, such as {@code 5s}
     */
    record Registration(List<String> tags, String checkInterval, Optional<String> checkTlsServerName) {
        Registration {
            tags = tags.stream().sorted().toList();
        }
    }

    private static final Set<String> KNOWN = Set.of(
            "host",
            "port",
            "scheme",
            "url",
            "token",
            "verify",
            "cacert",
            "cert",
            "key",
            "key_password",
            "dc",
            "consistency",
            "checks",
            "register_service",
            "service_tags",
            "service_check_interval",
            "service_check_tls_server_name");

    private static final int DEFAULT_PORT = 8500;
    private static final Pattern DURATION = Pattern.compile("([0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h))+");

    ConsulSettings {
        checks = List.copyOf(checks);
    }

    static ConsulSettings parse(String section, Map<String, Object> settings) throws DcsRefusedException {
        return new Parser(section, settings).parse();
    }

    /** Without token and password. */
    @Override
    public String toString() {
        return section + " at " + address;
    }

    private record Parser(String section, Map<String, Object> settings) {

        ConsulSettings parse() throws DcsRefusedException {
            for (String key : settings.keySet()) {
                if (!KNOWN.contains(key)) {
                    throw refused(
                            key,
                            "is not known",
                            "known are " + KNOWN.stream().sorted().toList());
                }
            }
            URI address = text("url").isPresent() ? url(text("url").get()) : hostAndPort();
            return new ConsulSettings(
                    section,
                    address,
                    text("token"),
                    address.getScheme().equals("https") ? Optional.of(tls()) : Optional.empty(),
                    text("dc"),
                    watchMode(),
                    list("checks"),
                    flag("register_service", false) ? Optional.of(registration()) : Optional.empty());
        }

        private URI url(String url) throws DcsRefusedException {
            try {
                URI given = URI.create(url.trim());
                String scheme = String.valueOf(given.getScheme()).toLowerCase(Locale.ROOT);
                boolean bare = given.getUserInfo() == null
                        && (given.getPath() == null
                                || given.getPath().isEmpty()
                                || given.getPath().equals("/"))
                        && given.getQuery() == null;
                if ((scheme.equals("http") || scheme.equals("https")) && given.getHost() != null && bare) {
                    return address("url", scheme, given.getHost(), given.getPort() < 0 ? port() : given.getPort());
                }
            } catch (IllegalArgumentException notAUrl) {
                throw refused("url", "is '" + url + "'", "write http://host:port or https://host:port");
            }
            // It might hold a password, so it is not shown.
            throw refused("url", "is not of the form http://host:port", "write it so; a token goes to token");
        }

        private URI hostAndPort() throws DcsRefusedException {
            String scheme = text("scheme").orElse("http").toLowerCase(Locale.ROOT);
            if (!scheme.equals("http") && !scheme.equals("https")) {
                throw refused("scheme", "is '" + scheme + "'", "write http or https");
            }
            String host = text("host").orElse("127.0.0.1");
            int colon = host.lastIndexOf(':');
            boolean portless = colon < 0 || host.endsWith("]") || host.indexOf(':') != colon && !host.startsWith("[");
            if (portless) {
                return address("host", scheme, host, port());
            }
            return address("host", scheme, host.substring(0, colon), portOf("host", host.substring(colon + 1)));
        }

        private int port() throws DcsRefusedException {
            Optional<String> port = text("port");
            return port.isPresent() ? portOf("port", port.get()) : DEFAULT_PORT;
        }

        private int portOf(String key, String text) throws DcsRefusedException {
            try {
                int port = Integer.parseInt(text.trim());
                if (port >= 1 && port <= 65535) {
                    return port;
                }
            } catch (NumberFormatException e) {
                throw refused(key, "has the port '" + text + "'", "write a number from 1 to 65535");
            }
            throw refused(key, "has the port '" + text + "'", "write a number from 1 to 65535");
        }

        private URI address(String key, String scheme, String host, int port) throws DcsRefusedException {
            String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
            String written = bare.indexOf(':') >= 0 ? "[" + bare + "]" : bare;
            try {
                URI address = URI.create(scheme + "://" + written + ":" + port);
                if (address.getHost() != null) {
                    return address;
                }
            } catch (IllegalArgumentException e) {
                throw refused(key, "has the host '" + host + "'", "write host:port");
            }
            throw refused(key, "has the host '" + host + "'", "write host:port");
        }

        private TlsFiles tls() throws DcsRefusedException {
            Optional<Path> key = path("key");
            if (key.isPresent() && text("cert").isEmpty()) {
                throw refused("key", "is given without cert", "name the certificate in " + section + ".cert");
            }
            return new TlsFiles(path("cacert"), path("cert"), key, text("key_password"), flag("verify", true));
        }

        private WatchMode watchMode() throws DcsRefusedException {
            String mode = text("consistency").orElse("default");
            try {
                return WatchMode.valueOf(mode.toUpperCase(Locale.ROOT));
            } catch (IllegalArgumentException e) {
                throw refused("consistency", "is '" + mode + "'", "write default, consistent or stale");
            }
        }

        private Registration registration() throws DcsRefusedException {
            String interval = text("service_check_interval").orElse("5s");
            if (!DURATION.matcher(interval).matches()) {
                throw refused("service_check_interval", "is '" + interval + "'", "write a time such as 5s");
            }
            return new Registration(list("service_tags"), interval, text("service_check_tls_server_name"));
        }

        private Optional<String> text(String key) throws DcsRefusedException {
            Object value = settings.get(key);
            if (value instanceof Map || value instanceof List) {
                throw refused(key, "is not a single value", "write one text");
            }
            return Optional.ofNullable(value).map(String::valueOf).filter(text -> !text.isBlank());
        }

        private Optional<Path> path(String key) throws DcsRefusedException {
            try {
                return text(key).map(Path::of);
            } catch (InvalidPathException e) {
                throw refused(key, "is not a path", "name a file");
            }
        }

        private boolean flag(String key, boolean otherwise) throws DcsRefusedException {
            Optional<String> text = text(key);
            if (text.isEmpty()) {
                return otherwise;
            }
            return switch (text.get().trim().toLowerCase(Locale.ROOT)) {
                case "true", "yes", "on", "1" -> true;
                case "false", "no", "off", "0" -> false;
                default -> throw refused(key, "is '" + text.get() + "'", "write true or false");
            };
        }

        /** A list, or a text with commas. */
        private List<String> list(String key) throws DcsRefusedException {
            Object value = settings.get(key);
            List<String> items = new ArrayList<>();
            if (value instanceof List<?> list) {
                list.forEach(item -> items.add(String.valueOf(item).trim()));
            } else {
                for (String item : text(key).orElse("").split(",")) {
                    items.add(item.trim());
                }
            }
            items.removeIf(String::isEmpty);
            return items;
        }

        private DcsRefusedException refused(String key, String what, String remedy) {
            return new DcsRefusedException(section + "." + key + " " + what + "; " + remedy);
        }
    }
}
