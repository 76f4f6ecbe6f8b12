package org.pgregent.launcher.config;

import static org.pgregent.launcher.config.Key.flag;
import static org.pgregent.launcher.config.Key.key;
import static org.pgregent.launcher.config.Key.text;
import static org.pgregent.launcher.config.Key.whole;

import java.util.List;
import java.util.stream.Stream;
import org.pgregent.launcher.config.Key.Draft;

/** The section {@code restapi}. */
final class RestKeys {

    private static final String TLS =
            "TLS comes with a later version: leave it out, and put a TLS proxy before the REST interface where needed";

    static final List<Key> ALL = Stream.of(
                    text("listen", "address and port of the REST interface; the address may be empty or *")
                            .required()
                            .env("RESTAPI_LISTEN"),
                    text("connect_address", "where other members reach it; published")
                            .usually("listen")
                            .env("RESTAPI_CONNECT_ADDRESS"),
                    text("authentication.username", "user for unsafe requests").env("RESTAPI_USERNAME"),
                    text("authentication.password", "its password").secret().env("RESTAPI_PASSWORD"),
                    text("certfile", "certificate").refused(TLS).env("RESTAPI_CERTFILE"),
                    text("keyfile", "its key").later().env("RESTAPI_KEYFILE"),
                    text("keyfile_password", "the key's password")
                            .secret()
                            .later()
                            .env("RESTAPI_KEYFILE_PASSWORD"),
                    text("cafile", "certificates that may sign a client's")
                            .later()
                            .env("RESTAPI_CAFILE"),
                    text("ciphers", "OpenSSL's list of ciphers").later().env("RESTAPI_CIPHERS"),
                    text("verify_client", "who must show a certificate")
                            .or("none")
                            .oneOf("none", "optional", "required")
                            .refused(TLS, "optional", "required")
                            .env("RESTAPI_VERIFY_CLIENT"),
                    key(Kind.LIST, "allowlist", "who may make unsafe requests: hosts, addresses, networks")
                            .usually("everybody")
                            .reloads()
                            .later()
                            .env("RESTAPI_ALLOWLIST"),
                    flag("allowlist_include_members", "members may too")
                            .or(false)
                            .reloads()
                            .later()
                            .env("RESTAPI_ALLOWLIST_INCLUDE_MEMBERS"),
                    flag("allow_unauthenticated", "without authentication, take unsafe requests from everybody")
                            .or(false),
                    key(Kind.MAP, "http_extra_headers", "added to answers")
                            .reloads()
                            .env("RESTAPI_HTTP_EXTRA_HEADERS"),
                    key(Kind.MAP, "https_extra_headers", "added to answers over TLS")
                            .later()
                            .env("RESTAPI_HTTPS_EXTRA_HEADERS"),
                    whole("request_queue_size", 0, 4096, "connections that wait to be accepted")
                            .or(5)
                            .env("RESTAPI_REQUEST_QUEUE_SIZE"),
                    whole("thread_pool_size", 1, 1000, "threads that answer")
                            .or(5)
                            .env("RESTAPI_THREAD_POOL_SIZE"),
                    text("server_tokens", "what the header Server tells: Minimal, ProductOnly or Original")
                            .or("Original")
                            .none("the header is never sent")
                            .env("RESTAPI_SERVER_TOKENS"))
            .map(draft -> draft.below("restapi"))
            .map(Draft::build)
            .toList();

    private RestKeys() {}
}
