package org.pgregent.dcs.consul;

import com.ecwid.consul.transport.TransportException;
import com.ecwid.consul.v1.ConsulClient;
import com.ecwid.consul.v1.ConsulRawClient;
import com.ecwid.consul.v1.OperationException;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.http.HttpEntity;
import org.apache.http.HttpEntityEnclosingRequest;
import org.apache.http.HttpHost;
import org.apache.http.HttpVersion;
import org.apache.http.client.methods.CloseableHttpResponse;
import org.apache.http.client.methods.HttpUriRequest;
import org.apache.http.entity.ByteArrayEntity;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.message.BasicHttpResponse;
import org.apache.http.protocol.HttpContext;
import org.apache.http.util.EntityUtils;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.tls.ReloadingTls;

/**
 * The way to Consul, and the fence around Ecwid's client. That client makes the requests and reads the answers; what carries them is
 * the JDK's HTTP client, given to it in the place of its own, because with its own
 *
 * <ul>
 *   <li>a call ends when the socket has been silent for a while, not at a deadline, and an interrupt does not end it;
 *   <li>a request may be sent twice without a word;
 *   <li>a token is part of the URL;
 *   <li>key stores are read once;
 *   <li>a key with {@code ?}, {@code #} or {@code %} in it is cut off or altered.
 * </ul>
 *
 * What it cannot ask at all goes the same way directly ({@link #put}, {@link #get}): transactions, TLS names in checks.
 */
final class ConsulHttp implements AutoCloseable {

    /** A question to be put with the client given. */
    interface Question<T> {
        T ask(ConsulClient client);
    }

    record Answer(int status, String body, HttpHeaders headers) {}

    private final ConsulSettings settings;
    private final HttpClient http;
    private final Map<Object, CompletableFuture<?>> underWay = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** @throws IOException if a TLS file cannot be used */
    ConsulHttp(ConsulSettings settings) throws IOException {
        this.settings = settings;
        HttpClient.Builder builder =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).followRedirects(HttpClient.Redirect.NEVER);
        if (settings.tls().isPresent()) {
            builder.sslContext(ReloadingTls.of(settings.tls().get()).context());
        }
        this.http = builder.build();
    }

    /** With Ecwid's client, which has no other way out than this one. */
    <T> T ask(Question<T> question, Deadline deadline) throws DcsException {
        Carrier carrier = new Carrier(deadline);
        String host =
                settings.address().getScheme() + "://" + settings.address().getHost();
        ConsulClient client = new ConsulClient(
                new ConsulRawClient(carrier, host, settings.address().getPort(), ""));
        try {
            return question.ask(client);
        } catch (TransportException e) {
            throw e.getCause() instanceof Carried carried
                    ? carried.what
                    : new DcsIndeterminateException(e.toString(), e);
        } catch (OperationException e) {
            throw answers().failure(e.getStatusCode(), String.valueOf(e.getStatusContent()), carrier.changes);
        }
    }

    /** The answer, whatever its status. */
    Answer put(String path, String json, Deadline deadline) throws DcsException {
        return send("PUT", uri(path), BodyPublishers.ofString(json), deadline);
    }

    /** The answer, whatever its status. */
    Answer get(String path, Deadline deadline) throws DcsException {
        return send("GET", uri(path), BodyPublishers.noBody(), deadline);
    }

    Answers answers() {
        return new Answers(settings);
    }

    /**
     * Part of a path such that it arrives as it is. Ecwid's client encodes what no URL may have, but leaves what would end a path.
     */
    static String encoded(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("%2F", "/");
    }

    private URI uri(String path) {
        String dc = settings.datacenter().map(name -> "?dc=" + encoded(name)).orElse("");
        return URI.create(settings.address() + path + dc);
    }

    private Answer send(String method, URI uri, BodyPublisher body, Deadline deadline) throws DcsException {
        boolean changes = !method.equals("GET");
        if (closed) {
            throw new DcsUnavailableException("the connection to Consul was closed");
        }
        if (deadline.isOver()) {
            throw new DcsUnavailableException("no time was left to ask Consul");
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).method(method, body);
        settings.token().ifPresent(token -> request.header("X-Consul-Token", token));
        CompletableFuture<HttpResponse<String>> sent =
                http.sendAsync(request.build(), BodyHandlers.ofString(StandardCharsets.UTF_8));
        Object call = new Object();
        underWay.put(call, sent);
        try {
            if (closed) {
                sent.cancel(true);
            }
            HttpResponse<String> response = sent.get(Math.max(1, deadline.leftNanos()), TimeUnit.NANOSECONDS);
            return new Answer(response.statusCode(), response.body(), response.headers());
        } catch (TimeoutException e) {
            String what = "no answer from Consul at " + settings.address() + " within "
                    + deadline.timeout().toMillis() + " ms";
            throw changes ? new DcsIndeterminateException(what, e) : new DcsUnavailableException(what, e);
        } catch (CancellationException e) {
            String what = "the connection to Consul was closed";
            throw changes ? new DcsIndeterminateException(what, e) : new DcsUnavailableException(what, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DcsIndeterminateException("interrupted while waiting for Consul", e);
        } catch (ExecutionException e) {
            throw answers().failure(e.getCause() == null ? e : e.getCause(), changes);
        } finally {
            underWay.remove(call);
            // Ends the exchange too, if it is still under way.
            sent.cancel(true);
        }
    }

    /** Ends what is under way. Idempotent. */
    @Override
    public void close() {
        closed = true;
        underWay.values().forEach(call -> call.cancel(true));
    }

    /** Carries a failure through Ecwid's client, which lets nothing but this through. */
    private static final class Carried extends IOException {
        private static final long serialVersionUID = 1L;
        private final transient DcsException what;

        Carried(DcsException what) {
            super(what.getMessage(), what);
            this.what = what;
        }
    }

    private static final class CarriedResponse extends BasicHttpResponse implements CloseableHttpResponse {
        CarriedResponse(int status) {
            super(HttpVersion.HTTP_1_1, status, "");
        }

        @Override
        public void close() {}
    }

    /** What Ecwid's client takes for an HTTP client of its kind. For one call. */
    private final class Carrier extends CloseableHttpClient {
        private final Deadline deadline;
        private boolean changes;

        Carrier(Deadline deadline) {
            this.deadline = deadline;
        }

        @Override
        protected CloseableHttpResponse doExecute(
                HttpHost target, org.apache.http.HttpRequest request, HttpContext context) throws IOException {
            HttpUriRequest asked = (HttpUriRequest) request;
            changes = !asked.getMethod().equals("GET");
            HttpEntity entity = request instanceof HttpEntityEnclosingRequest enclosing ? enclosing.getEntity() : null;
            BodyPublisher body = entity == null
                    ? BodyPublishers.noBody()
                    : BodyPublishers.ofByteArray(EntityUtils.toByteArray(entity));
            String path = asked.getURI().getRawPath();
            String query = asked.getURI().getRawQuery();
            URI uri = URI.create(settings.address() + path + (query == null ? "" : "?" + query));
            try {
                Answer got = send(asked.getMethod(), uri, body, deadline);
                CarriedResponse response = new CarriedResponse(got.status());
                got.headers().map().forEach((name, values) -> response.setHeader(name, values.get(0)));
                response.setEntity(new ByteArrayEntity(got.body().getBytes(StandardCharsets.UTF_8)));
                return response;
            } catch (DcsException e) {
                throw new Carried(e);
            }
        }

        @Override
        public void close() {}

        @Override
        @Deprecated
        public org.apache.http.params.HttpParams getParams() {
            throw new UnsupportedOperationException();
        }

        @Override
        @Deprecated
        public org.apache.http.conn.ClientConnectionManager getConnectionManager() {
            throw new UnsupportedOperationException();
        }
    }
}
