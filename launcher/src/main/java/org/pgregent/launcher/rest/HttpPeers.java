package org.pgregent.launcher.rest;

import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.PeerAnswers.PeerAnswer;
import org.pgregent.core.model.Tags;
import org.pgregent.core.model.Timeline;
import org.pgregent.core.port.Peers;
import org.pgregent.launcher.Json;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the other members over HTTP. */
public final class HttpPeers implements Peers {

    private static final Logger LOG = LoggerFactory.getLogger(HttpPeers.class);
    private static final int BODY_MAX = 1 << 20;

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .sslContext(unverified())
            .build();

    @Override
    public void ask(List<Peer> peers, Duration timeout, Consumer<List<PeerAnswer>> done) {
        List<CompletableFuture<PeerAnswer>> answers =
                peers.stream().map(peer -> ask(peer, timeout)).toList();
        CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                .thenRun(() -> done.accept(
                        answers.stream().map(CompletableFuture::join).toList()));
    }

    /** Never fails; the timeout covers all of it, the body too, which the client's own does not. */
    private CompletableFuture<PeerAnswer> ask(Peer peer, Duration timeout) {
        CompletableFuture<HttpResponse<String>> response;
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create(peer.apiUrl()))
                    .timeout(timeout)
                    .build();
            response = client.sendAsync(request, BodyHandlers.ofString());
        } catch (IllegalArgumentException notAnAddress) {
            response = CompletableFuture.failedFuture(notAnAddress);
        }
        CompletableFuture<HttpResponse<String>> sent = response;
        return sent.thenApply(got -> understood(peer, got))
                .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                .exceptionally(failure -> {
                    sent.cancel(true);
                    LOG.info("Request failed to {}: GET {} ({})", peer.name(), peer.apiUrl(), reason(failure));
                    return PeerAnswer.unreachable(peer.name());
                });
    }

    private static String reason(Throwable failure) {
        return failure.getCause() == null ? failure.toString() : reason(failure.getCause());
    }

    private static PeerAnswer understood(Peer peer, HttpResponse<String> response) {
        String body = response.body().length() > BODY_MAX ? "" : response.body();
        LOG.info("Got response from {} {}: {}", peer.name(), peer.apiUrl(), body);
        return parse(peer, body);
    }

    /** A document that tells no position, or is another member's, counts as no answer. */
    static PeerAnswer parse(Peer peer, String body) {
        Optional<Map<String, Object>> document = Json.object(body);
        Object xlog = document.map(d -> d.getOrDefault("xlog", d.get("wal"))).orElse(null);
        if (!(xlog instanceof Map<?, ?> positions) || !isOf(peer, document.get())) {
            return PeerAnswer.unreachable(peer.name());
        }
        Map<String, Object> fields = document.get();
        Optional<Lsn> location = lsn(positions.get("location")).filter(lsn -> !lsn.isZero());
        boolean saysPrimary = "primary".equals(fields.get("role")) || "master".equals(fields.get("role"));
        Optional<Lsn> standby = lsn(positions.get("received_location"))
                .map(received -> Lsn.max(
                        received, lsn(positions.get("replayed_location")).orElse(Lsn.ZERO)))
                .or(() -> lsn(positions.get("replayed_location")));
        return new PeerAnswer(
                peer.name(),
                true,
                location.isPresent() || saysPrimary,
                location.or(() -> standby),
                fields.get("timeline") instanceof Number n && n.longValue() >= 1
                        ? Optional.of(new Timeline(n.longValue()))
                        : Optional.empty(),
                fields.get("tags") instanceof Map<?, ?> tags ? tags(tags) : Tags.NONE,
                Boolean.TRUE.equals(fields.get("watchdog_failed")));
    }

    /** Two members behind one address would otherwise vouch for each other. */
    private static boolean isOf(Peer peer, Map<String, Object> document) {
        return !(document.get("patroni") instanceof Map<?, ?> agent)
                || agent.get("name") == null
                || peer.name().value().equals(agent.get("name").toString());
    }

    private static Optional<Lsn> lsn(Object value) {
        return value instanceof Number n ? Optional.of(new Lsn(n.longValue())) : Optional.empty();
    }

    private static Tags tags(Map<?, ?> map) {
        Map<String, Object> tags = new java.util.LinkedHashMap<>();
        map.forEach((key, value) -> tags.put(String.valueOf(key), value));
        return new Tags(tags);
    }

    /** The contract: agents do not verify each other's certificates. Nothing secret goes this way. */
    private static SSLContext unverified() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new AnyCertificate()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has TLS", e);
        }
    }

    /** The extended kind, for it also decides about host names. */
    private static final class AnyCertificate extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
