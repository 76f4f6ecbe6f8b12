package org.pgregent.launcher;

import java.util.Map;
import java.util.Optional;

/**
 * Where the REST interface listens, and under which address others find it.
 *
 * @param credentials {@code user:password} for unsafe requests
 * @param threads of the server
 * @param allowUnauthenticated without credentials configured, unsafe requests are answered for everybody and not only for this
 *     host and the cluster's members; our own setting
 */
public record RestConfig(
        Address listen,
        Address connect,
        Optional<String> credentials,
        Map<String, String> extraHeaders,
        int threads,
        int backlog,
        boolean allowUnauthenticated) {

    static RestConfig read(Section section) {
        Address listen = address(
                        section,
                        section.required(
                                "listen", "give the address and port of the REST interface, such as 10.0.0.1:8008"))
                .orElse(new Address("127.0.0.1", 8008));
        Optional<String> named = section.text("connect_address");
        Address connect = named.flatMap(text -> {
                    Optional<Address> address = Address.parse(text, -1);
                    if (address.isEmpty() || address.get().isAny()) {
                        section.problem(
                                "connect_address", "is not an address others can connect to", "write host:port");
                    }
                    return address;
                })
                .orElse(listen);
        if (named.isEmpty() && section.has("listen") && listen.isAny()) {
            section.problem(
                    "listen",
                    "names no host, and connect_address is missing",
                    "set " + section.at("connect_address") + " to the host:port other members reach this node at");
        }
        Section login = section.section("authentication");
        Optional<String> user = login.text("username");
        Optional<String> password = login.text("password");
        if (user.isPresent() != password.isPresent()) {
            login.problem(
                    user.isPresent() ? "password" : "username", "is missing beside the other", "give both or none");
        }
        return new RestConfig(
                listen,
                connect,
                user.flatMap(u -> password.map(p -> u + ":" + p)),
                Map.copyOf(section.texts("http_extra_headers")),
                (int) section.whole("thread_pool_size", 5, 1, 1000),
                (int) section.whole("request_queue_size", 5, 0, 4096),
                section.flag("allow_unauthenticated", false));
    }

    private static Optional<Address> address(Section section, String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        Optional<Address> address = Address.parse(text, -1);
        if (address.isEmpty()) {
            section.problem("listen", "is not host:port", "write such as 10.0.0.1:8008");
        }
        return address;
    }

    /** Published as {@code api_url}. */
    public String apiUrl() {
        return "http://" + connect + "/patroni";
    }

    /** Without the password. */
    @Override
    public String toString() {
        return "REST on " + listen + ", reached at " + connect;
    }
}
