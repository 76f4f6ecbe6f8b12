package org.pgregent.launcher;

import java.util.Optional;
import java.util.Set;

/** A host and a port as the configuration writes them; an IPv6 address stands in brackets there and without them here. */
public record Address(String host, int port) {

    private static final Set<String> ANY = Set.of("", "*", "0.0.0.0", "::");

    /** @param defaultPort used if the text has none; below 0 it must have one */
    static Optional<Address> parse(String text, int defaultPort) {
        String host = text.trim();
        int port = defaultPort;
        int colon = host.lastIndexOf(':');
        boolean bareIpv6 = !host.startsWith("[") && colon >= 0 && host.indexOf(':') != colon;
        if (colon >= 0 && colon > host.lastIndexOf(']') && !bareIpv6) {
            try {
                port = Integer.parseInt(host.substring(colon + 1));
            } catch (NumberFormatException notAPort) {
                return Optional.empty();
            }
            host = host.substring(0, colon);
        }
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        return port < 1 || port > 65535 ? Optional.empty() : Optional.of(new Address(host, port));
    }

    /** It names no host, but all addresses of this one. */
    public boolean isAny() {
        return ANY.contains(host);
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
