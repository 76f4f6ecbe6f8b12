package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** What a server says of itself to the word {@code srvr}, which ZooKeeper answers to anybody. */
enum ServerStatus {
    /** Part of the quorum and ready for clients. */
    SERVING,
    /** It listens, but has no quorum. */
    WAITING,
    /** It does not listen, or does not answer. */
    SILENT;

    static ServerStatus of(HostPort server, Duration timeout) {
        int millis = Math.toIntExact(timeout.toMillis());
        try (Socket socket = new Socket()) {
            socket.connect(server.resolve(), millis);
            socket.setSoTimeout(millis);
            socket.getOutputStream().write("srvr".getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
            String answer = new String(socket.getInputStream().readNBytes(4096), StandardCharsets.UTF_8);
            if (answer.contains("Mode: ")) {
                return SERVING;
            }
            return answer.isEmpty() ? SILENT : WAITING;
        } catch (IOException silent) {
            return SILENT;
        }
    }
}
