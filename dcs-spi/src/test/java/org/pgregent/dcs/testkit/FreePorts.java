package org.pgregent.dcs.testkit;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports of the loopback interface nobody listens on at the moment. Below the range that Linux takes for outgoing connections, so
 * that a server which is stopped for a while finds its port free again.
 *
 * <p>A port is given out once: to nobody else of this process, and to no other process of tests until this one has ended. A
 * lock on one byte of a common file per port says so, which goes with the process however that ends; tests in several forks, or
 * of several modules at a time, never start two servers on one port.
 */
public final class FreePorts {

    private static final int FIRST = 12_000;
    private static final int BEHIND_LAST = 32_000;
    private static final int TRIES_MAX = 1000;

    private FreePorts() {}

    /** Never closed: with the first channel of a process that is closed all locks of that process on its file are gone. */
    private static final class Claims {
        private static final FileChannel FILE = open();

        private static FileChannel open() {
            Path file =
                    Path.of(System.getProperty("java.io.tmpdir"), "pgregent-ports-" + System.getProperty("user.name"));
            try {
                return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException("the ports of tests are noted in " + file + ": remove it", e);
            }
        }

        static boolean claim(int port) throws IOException {
            try {
                return FILE.tryLock(port, 1, false) != null;
            } catch (OverlappingFileLockException ours) {
                return false;
            }
        }
    }

    public static int take() throws IOException {
        return take(1).get(0);
    }

    /** All different, and of nobody else. */
    public static List<Integer> take(int count) throws IOException {
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ports.add(any());
        }
        return ports;
    }

    private static int any() throws IOException {
        for (int tries = 0; tries < TRIES_MAX; tries++) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, BEHIND_LAST);
            if (Claims.claim(port) && isFree(port)) {
                return port;
            }
        }
        throw new BindException("no free port among " + TRIES_MAX + " from " + FIRST + " to " + BEHIND_LAST);
    }

    private static boolean isFree(int port) throws IOException {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (BindException taken) {
            return false;
        }
    }
}
