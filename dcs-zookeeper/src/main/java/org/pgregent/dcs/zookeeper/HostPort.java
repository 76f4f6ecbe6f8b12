package org.pgregent.dcs.zookeeper;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** Where a server listens. */
record HostPort(String host, int port) {

    static final int DEFAULT_PORT = 2181;

    HostPort {
        if (host.isBlank()) {
            throw new IllegalArgumentException("the host is empty");
        }
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("the port must be 1 to 65535, is " + port);
        }
    }

    /** Takes {@code host}, {@code host:port} and {@code [address]:port}. */
    static HostPort parse(String text) {
        String trimmed = text.trim();
        int colon = trimmed.lastIndexOf(':');
        boolean portless = colon < 0 || trimmed.endsWith("]");
        String host = portless ? trimmed : trimmed.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        try {
            return new HostPort(host, portless ? DEFAULT_PORT : Integer.parseInt(trimmed.substring(colon + 1)));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("not a port: " + trimmed.substring(colon + 1), e);
        }
    }

    InetSocketAddress resolve() {
        return new InetSocketAddress(host, port);
    }

    /** False also for a name that cannot be looked up: what is not known to be local is not. */
    boolean isLoopback() {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException unknown) {
            return false;
        }
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
