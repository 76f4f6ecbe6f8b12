package org.pgregent.dcs.testkit;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports of the loopback interface nobody listens on at the moment. Below the range that Linux takes for outgoing connections, so
 * that a server which is stopped for a while finds its port free again.
 */
public final class FreePorts {

    private FreePorts() {}

    public static int take() throws IOException {
        return take(1).get(0);
    }

    /** All different: they are held until the last one is found. */
    public static List<Integer> take(int count) throws IOException {
        List<ServerSocket> held = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                held.add(any());
            }
            return held.stream().map(ServerSocket::getLocalPort).toList();
        } finally {
            for (ServerSocket socket : held) {
                socket.close();
            }
        }
    }

    private static ServerSocket any() throws IOException {
        for (int tries = 0; ; tries++) {
            int port = ThreadLocalRandom.current().nextInt(12_000, 32_000);
            try {
                return new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
            } catch (BindException taken) {
                if (tries == 1000) {
                    throw taken;
                }
            }
        }
    }
}
