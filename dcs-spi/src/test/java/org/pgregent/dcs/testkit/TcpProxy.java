package org.pgregent.dcs.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * A network that can be hurt: listens on loopback and hands everything on to one port, unless told otherwise. What it does holds
 * for open connections and new ones alike.
 */
public final class TcpProxy implements AutoCloseable {

    /** One client and its way to the server. */
    private record Link(Socket client, Socket server) {

        void reset() {
            for (Socket socket : new Socket[] {client, server}) {
                try {
                    socket.setSoLinger(true, 0);
                    socket.close();
                } catch (IOException alreadyClosed) {
                    // Gone is what it was to be.
                }
            }
        }
    }

    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private final int target;
    private final int port;
    private final Set<Link> links = ConcurrentHashMap.newKeySet();
    private final Object gate = new Object();
    private boolean holding;
    private boolean closed;
    private Duration delay = Duration.ZERO;
    private ServerSocket listener;
    private Thread acceptor;
    /** Keeps the port ours while nobody listens on it. */
    private Socket reservation;

    public TcpProxy(int targetPort) throws IOException {
        this.target = targetPort;
        this.listener = new ServerSocket();
        listener.setReuseAddress(true);
        listener.bind(new InetSocketAddress(LOOPBACK, 0));
        this.port = listener.getLocalPort();
        this.acceptor = accept(listener);
    }

    public int port() {
        return port;
    }

    /** A sound network again. Bytes held back by {@link #blackHole} arrive now, as after a loss that TCP repairs. */
    public void pass() throws IOException {
        synchronized (gate) {
            holding = false;
            delay = Duration.ZERO;
            gate.notifyAll();
            if (reservation != null) {
                reservation.close();
                reservation = null;
                listener = new ServerSocket();
                listener.setReuseAddress(true);
                listener.bind(new InetSocketAddress(LOOPBACK, port));
                acceptor = accept(listener);
            }
        }
    }

    /** Resets every connection and refuses new ones. */
    public void drop() throws IOException {
        synchronized (gate) {
            if (reservation != null) {
                return;
            }
            listener.close();
            try {
                // The port is free only when nobody waits on it any more.
                acceptor.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
            links.forEach(Link::reset);
            links.clear();
            reservation = new Socket();
            reservation.setReuseAddress(true);
            reservation.bind(new InetSocketAddress(LOOPBACK, port));
        }
    }

    /** Nothing arrives any more, in either direction; connections stay open and new ones are accepted. */
    public void blackHole() {
        synchronized (gate) {
            holding = true;
        }
    }

    /** Every packet comes later by this much. */
    public void delay(Duration by) {
        synchronized (gate) {
            delay = by;
        }
    }

    /** The server's side of every open connection ends; what clients send still arrives there. */
    public void halfClose() {
        for (Link link : links) {
            try {
                link.client().shutdownOutput();
            } catch (IOException alreadyClosed) {
                // A connection that ended meanwhile needs no half of it closed.
            }
        }
    }

    private Thread accept(ServerSocket from) {
        return daemon("proxy-accept-" + port, () -> {
            while (true) {
                Link link;
                try {
                    link = new Link(from.accept(), new Socket());
                } catch (IOException closedByUs) {
                    return;
                }
                links.add(link);
                daemon("proxy-connect-" + port, () -> connect(link));
            }
        });
    }

    private void connect(Link link) {
        try {
            waitAtGate();
            link.client().setTcpNoDelay(true);
            link.server().setTcpNoDelay(true);
            link.server().connect(new InetSocketAddress(LOOPBACK, target));
            // Now, for a socket that is half closed meanwhile gives no stream any more.
            InputStream asked = link.client().getInputStream();
            OutputStream answered = link.client().getOutputStream();
            InputStream answers = link.server().getInputStream();
            daemon("proxy-back-" + port, () -> pump(link, answers, answered, link.client()));
            pump(link, asked, link.server().getOutputStream(), link.server());
        } catch (IOException refusedByTarget) {
            end(link);
        }
    }

    private void pump(Link link, InputStream in, OutputStream out, Socket to) {
        byte[] buffer = new byte[16_384];
        try {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                waitAtGate();
                out.write(buffer, 0, n);
                out.flush();
            }
            waitAtGate();
            to.shutdownOutput();
        } catch (IOException oneSideIsGone) {
            end(link);
        }
    }

    private void waitAtGate() throws IOException {
        synchronized (gate) {
            long until = System.nanoTime() + delay.toNanos();
            try {
                while (!closed && (holding || System.nanoTime() < until)) {
                    if (holding) {
                        gate.wait();
                    } else {
                        TimeUnit.NANOSECONDS.timedWait(gate, until - System.nanoTime());
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
    }

    private void end(Link link) {
        links.remove(link);
        link.reset();
    }

    private static Thread daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    @Override
    public void close() throws IOException {
        drop();
        synchronized (gate) {
            closed = true;
            reservation.close();
            gate.notifyAll();
        }
    }
}
