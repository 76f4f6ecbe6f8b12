package org.pgregent.dcs.etcd;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.pgregent.dcs.spi.DcsRefusedException;

/**
 * A client of one server. It is closed when it is retired and the last call that uses it has ended, so that a call that fails
 * does not break those beside it.
 */
final class Connection {

    /** A server that is stopped or gone without a word is noticed by this, if no call notices it before. */
    private static final Duration PING = Duration.ofSeconds(10);

    private static final Duration PONG = Duration.ofSeconds(5);

    private final Endpoint server;
    private final String tlsState;
    private final Client client;
    private int users;
    private boolean retired;
    private int unanswered;

    private Connection(Endpoint server, String tlsState, Client client) {
        this.server = server;
        this.tlsState = tlsState;
        this.client = client;
    }

    /** Connects only when it is used. */
    static Connection open(Endpoint server, Tls tls, Optional<EtcdSettings.Login> login) throws DcsRefusedException {
        ClientBuilder builder = Client.builder()
                .target("dns:///" + server.authority())
                .loadBalancerPolicy("pick_first")
                .waitForReady(false)
                // The number of further attempts: a failed request is the caller's to judge.
                .retryMaxAttempts(0)
                .maxInboundMessageSize(Integer.MAX_VALUE)
                .keepaliveTime(PING)
                .keepaliveTimeout(PONG)
                .executorService(new DirectExecutor())
                .interceptor(Attempt.INTERCEPTOR);
        // Taken before the files are read: written in between, they are read once too often, not once too few.
        String tlsState = server.tls() ? tls.state() : "";
        if (server.tls()) {
            builder.sslContext(tls.load());
        }
        if (login.isPresent()) {
            builder.user(bytes(login.get().user())).password(bytes(login.get().password()));
        }
        return new Connection(server, tlsState, builder.build());
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    Endpoint server() {
        return server;
    }

    Client client() {
        return client;
    }

    String tlsState() {
        return tlsState;
    }

    synchronized void use() {
        users++;
    }

    void release() {
        boolean last;
        synchronized (this) {
            users--;
            last = retired && users == 0;
        }
        if (last) {
            client.close();
        }
    }

    void retire() {
        boolean last;
        synchronized (this) {
            last = !retired && users == 0;
            retired = true;
        }
        if (last) {
            client.close();
        }
    }

    /** At once, whoever uses it. */
    void close() {
        synchronized (this) {
            retired = true;
        }
        client.close();
    }

    synchronized void answered() {
        unanswered = 0;
    }

    /** How many requests in a row have now come to nothing. */
    synchronized int notAnswered() {
        return ++unanswered;
    }
}
