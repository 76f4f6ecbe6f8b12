package org.pgregent.dcs.etcd;

import java.net.URI;

/** Where a server, or a proxy before it, listens for clients. */
record Endpoint(String host, int port, boolean tls) {

    static final int DEFAULT_PORT = 2379;

    Endpoint {
        if (host.isBlank() || host.matches(".*[\\s/@?#].*")) {
            throw new IllegalArgumentException("'" + host + "' is no host name");
        }
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("the port must be 1 to 65535, is " + port);
        }
    }

    /** Takes {@code host}, {@code host:port} and {@code [address]:port}. */
    static Endpoint parse(String text, int defaultPort, boolean tls) {
        String trimmed = text.trim();
        if (trimmed.contains("://") || trimmed.contains("@")) {
            throw new IllegalArgumentException("a URL or a login is given where host:port is wanted");
        }
        int colon = trimmed.lastIndexOf(':');
        boolean portless = colon < 0 || trimmed.endsWith("]");
        String host = portless ? trimmed : trimmed.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        try {
            return new Endpoint(host, portless ? defaultPort : Integer.parseInt(trimmed.substring(colon + 1)), tls);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("not a port: " + trimmed.substring(colon + 1), e);
        }
    }

    /** Of a URL as servers announce theirs. */
    static Endpoint of(URI uri) {
        if (uri.getHost() == null || uri.getScheme() == null) {
            throw new IllegalArgumentException("no host in it");
        }
        String host = uri.getHost().replaceAll("^\\[|\\]$", "");
        boolean tls = uri.getScheme().equals("https");
        if (!tls && !uri.getScheme().equals("http")) {
            throw new IllegalArgumentException("it must begin with http:// or https://");
        }
        return new Endpoint(host, uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort(), tls);
    }

    String authority() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    URI page(String path) {
        return URI.create(this + path);
    }

    @Override
    public String toString() {
        return (tls ? "https://" : "http://") + authority();
    }
}
