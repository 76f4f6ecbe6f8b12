package org.pgregent.launcher.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.PeerAnswers.PeerAnswer;
import org.pgregent.core.model.Timeline;
import org.pgregent.core.port.Peers.Peer;

class HttpPeersTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(3);

    private final CountDownLatch testIsOver = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpPeers peers = new HttpPeers();
    private HttpServer server;

    @BeforeEach
    void startServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        serve("/n0", Captured.text("01-three-nodes-n0-patroni.json"), 200);
        serve("/n1", Captured.text("01-three-nodes-n1-patroni.json"), 503);
        serve("/down", "{\"state\": \"stopped\", \"role\": \"replica\"}", 200);
        serve("/nonsense", "<html>", 200);
        server.createContext("/moved", exchange -> {
            exchange.getResponseHeaders().add("Location", "/n1");
            exchange.sendResponseHeaders(302, -1);
            exchange.close();
        });
        server.createContext("/hangs", exchange -> {
            exchange.sendResponseHeaders(200, 1000);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            await(testIsOver);
        });
        server.start();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @AfterEach
    void stopServer() {
        testIsOver.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    private void serve(String path, String body, int status) {
        server.createContext(path, exchange -> {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(bytes);
            }
        });
    }

    private List<PeerAnswer> ask(Peer... whom) throws InterruptedException, ExecutionException, TimeoutException {
        CompletableFuture<List<PeerAnswer>> answers = new CompletableFuture<>();
        peers.ask(List.of(whom), TIMEOUT, answers::complete);
        return answers.get(TIMEOUT.toMillis() + 2000, TimeUnit.MILLISECONDS);
    }

    private Peer peer(String name, String path) {
        return new Peer(
                new NodeName(name), "http://127.0.0.1:" + server.getAddress().getPort() + path);
    }

    @Test
    void understandsPrimaryAndReplicaWhateverTheStatus()
            throws InterruptedException, ExecutionException, TimeoutException {
        List<PeerAnswer> answers = ask(peer("n0", "/n0"), peer("n1", "/n1"));

        assertThat(answers.get(0).writable()).isTrue();
        assertThat(answers.get(0).position()).contains(new Lsn(83886080));
        assertThat(answers.get(1).reachable()).isTrue();
        assertThat(answers.get(1).writable()).isFalse();
        assertThat(answers.get(1).position()).contains(new Lsn(83886080));
        assertThat(answers.get(1).timeline()).contains(new Timeline(1));
    }

    @Test
    void noPositionNonsenseRedirectsAndOthersDocumentsAreNoAnswers()
            throws InterruptedException, ExecutionException, TimeoutException {
        List<PeerAnswer> answers = ask(
                peer("a", "/down"),
                peer("b", "/nonsense"),
                peer("n1", "/moved"),
                peer("n2", "/n1"),
                new Peer(new NodeName("c"), "http://127.0.0.1:1/patroni"),
                new Peer(new NodeName("d"), "not an address"));

        assertThat(answers).extracting(PeerAnswer::reachable).containsOnly(false);
        assertThat(answers).extracting(a -> a.name().value()).containsExactly("a", "b", "n1", "n2", "c", "d");
    }

    @Test
    void aPeerThatHangsInTheMiddleDoesNotHoldUpTheOthers()
            throws InterruptedException, ExecutionException, TimeoutException {
        long began = System.nanoTime();

        List<PeerAnswer> answers = ask(peer("n1", "/n1"), peer("h", "/hangs"));

        assertThat(answers).extracting(PeerAnswer::reachable).containsExactly(true, false);
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(TIMEOUT.plusMillis(1500));
    }

    @Test
    void nobodyToAskIsAnsweredAtOnce() throws InterruptedException, ExecutionException, TimeoutException {
        assertThat(ask()).isEmpty();
    }
}
