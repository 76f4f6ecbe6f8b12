package org.pgregent.dcs.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TcpProxyTest {

    private ServerSocket server;
    private TcpProxy proxy;

    @BeforeEach
    void start() throws IOException {
        server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        proxy = new TcpProxy(server.getLocalPort());
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        server.close();
    }

    private Socket client() throws IOException {
        Socket client = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
        client.setSoTimeout(30_000);
        return client;
    }

    private static void say(Socket socket, int what) throws IOException {
        socket.getOutputStream().write(what);
        socket.getOutputStream().flush();
    }

    @Test
    void whatIsSentArrivesInBothDirections() throws IOException {
        try (Socket client = client();
                Socket served = server.accept()) {
            say(client, 1);
            assertThat(served.getInputStream().read()).isEqualTo(1);
            say(served, 2);
            assertThat(client.getInputStream().read()).isEqualTo(2);
            client.shutdownOutput();
            assertThat(served.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void droppedConnectionsAreResetAndNewOnesRefusedUntilItPassesAgain() throws IOException {
        try (Socket client = client();
                Socket served = server.accept()) {
            say(client, 1);
            assertThat(served.getInputStream().read()).isEqualTo(1);

            proxy.drop();

            assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class);
            assertThatThrownBy(this::client).isInstanceOf(SocketException.class);
        }
        proxy.pass();
        try (Socket again = client();
                Socket served = server.accept()) {
            say(again, 3);
            assertThat(served.getInputStream().read()).isEqualTo(3);
        }
    }

    @Test
    void aBlackHoleKeepsConnectionsOpenAndWhatWasSentArrivesAfterwards() throws IOException {
        try (Socket client = client();
                Socket served = server.accept()) {
            proxy.blackHole();
            say(client, 1);
            served.setSoTimeout(200);
            assertThatThrownBy(() -> served.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);

            proxy.pass();

            served.setSoTimeout(30_000);
            assertThat(served.getInputStream().read()).isEqualTo(1);
        }
    }

    @Test
    void aDelayHoldsEveryPacketForAWhile() throws IOException {
        try (Socket client = client();
                Socket served = server.accept()) {
            proxy.delay(Duration.ofMillis(300));
            long start = System.nanoTime();
            say(client, 1);
            assertThat(served.getInputStream().read()).isEqualTo(1);
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(300_000_000L);
        }
    }

    @Test
    void aHalfClosedConnectionEndsForTheClientButStillTakesWhatItSends() throws IOException {
        try (Socket client = client();
                Socket served = server.accept()) {
            say(client, 1);
            assertThat(served.getInputStream().read()).isEqualTo(1);

            proxy.halfClose();

            assertThat(client.getInputStream().read()).isEqualTo(-1);
            say(client, 2);
            assertThat(served.getInputStream().read()).isEqualTo(2);
        }
    }
}
