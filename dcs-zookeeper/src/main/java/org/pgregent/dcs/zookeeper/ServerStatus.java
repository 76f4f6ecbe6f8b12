package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/** What a server says of itself to the word {@code srvr}, which ZooKeeper answers to anybody. */
enum ServerStatus {
    /** Part of the quorum and ready for clients. */
    SERVING,
    /** It listens, but has no quorum. */
    WAITING,
    /** It does not listen, or does not answer. */
    SILENT;

    static ServerStatus of(HostPort server, Optional<StoreTls> tls, Duration timeout) {
        try {
            String answer = ask(server, tls, Math.toIntExact(timeout.toMillis()));
            if (answer.contains("Mode: ")) {
                return SERVING;
            }
            return answer.isEmpty() ? SILENT : WAITING;
        } catch (SocketTimeoutException slow) {
            // A handshake is much work; whoever lets one begin listens.
            return tls.isPresent() ? WAITING : SILENT;
        } catch (IOException silent) {
            return SILENT;
        }
    }

    /** The server's own words; empty if it ends the connection without any. */
    static String ask(HostPort server, Optional<StoreTls> tls, int timeoutMs) throws IOException {
        try (Socket socket = connected(server, tls, timeoutMs)) {
            socket.setSoTimeout(timeoutMs);
            socket.getOutputStream().write("srvr".getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
            return new String(socket.getInputStream().readNBytes(4096), StandardCharsets.UTF_8);
        }
    }

    private static Socket connected(HostPort server, Optional<StoreTls> tls, int timeoutMs) throws IOException {
        if (tls.isPresent()) {
            return tls.get().connect(server, timeoutMs);
        }
        Socket socket = new Socket();
        try {
            socket.connect(server.resolve(), timeoutMs);
            return socket;
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }
}
