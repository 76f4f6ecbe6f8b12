package org.pgregent.launcher.rest;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.pgregent.launcher.Address;
import org.pgregent.launcher.RestConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP server around {@link RestApi}. */
public final class RestServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RestServer.class);

    /** What Jetty itself needs beside the threads that answer. */
    private static final int SERVER_THREADS = 3;

    private static final Set<String> CHANGING = Set.of("POST", "PUT", "PATCH", "DELETE");
    private static final int CHANGES_MAX = 8;
    private static final int BODY_MAX = 64 * 1024;

    private final Server server;
    private final ExecutorService changes;
    private final ApiHandler handler;

    /** @throws IOException naming the address, if it cannot listen there */
    public static RestServer start(RestConfig config, RestApi api) throws IOException {
        RestServer rest = new RestServer(config, api);
        try {
            rest.server.start();
            return rest;
        } catch (Exception e) {
            rest.close();
            throw new IOException(
                    "restapi.listen '" + config.listen() + "' cannot be used (" + reason(e)
                            + "): free that port or choose another one",
                    e);
        }
    }

    private static String reason(Throwable e) {
        return e.getCause() == null ? String.valueOf(e.getMessage()) : reason(e.getCause());
    }

    private RestServer(RestConfig config, RestApi api) {
        QueuedThreadPool threads = new QueuedThreadPool(config.threads() + SERVER_THREADS, 1, 30_000, 0, null, null);
        threads.setName("rest");
        threads.setDaemon(true);
        server = new Server(threads);
        changes = new ThreadPoolExecutor(0, CHANGES_MAX, 30, TimeUnit.SECONDS, new SynchronousQueue<>(), work -> {
            Thread thread = new Thread(work, "rest-change");
            thread.setDaemon(true);
            return thread;
        });
        server.setStopTimeout(0);
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        http.setRequestHeaderSize(8 * 1024);
        ServerConnector connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
        Address listen = config.listen();
        connector.setHost(listen.isAny() ? null : listen.host());
        connector.setPort(listen.port());
        connector.setAcceptQueueSize(Math.max(config.backlog(), 50));
        connector.setIdleTimeout(30_000);
        connector.setReuseAddress(true);
        server.addConnector(connector);
        handler = new ApiHandler(api, config.extraHeaders(), changes);
        server.setHandler(handler);
    }

    /** Takes over what may change while the server runs. */
    public void reconfigure(RestConfig config) {
        handler.extraHeaders = config.extraHeaders();
    }

    int port() {
        return ((ServerConnector) server.getConnectors()[0]).getLocalPort();
    }

    /** Answers nobody any more. */
    @Override
    public void close() {
        changes.shutdownNow();
        try {
            server.stop();
        } catch (Exception e) {
            LOG.warn("the REST interface did not stop cleanly: {}", e.toString());
        }
    }

    private static final class ApiHandler extends Handler.Abstract {
        private final RestApi api;
        private volatile Map<String, String> extraHeaders;
        private final ExecutorService changes;

        ApiHandler(RestApi api, Map<String, String> extraHeaders, ExecutorService changes) {
            this.changes = changes;
            this.api = api;
            this.extraHeaders = extraHeaders;
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            long began = System.nanoTime();
            String path = request.getHttpURI().getPath() == null
                    ? "/"
                    : request.getHttpURI().getPath();
            InetAddress from =
                    request.getConnectionMetaData().getRemoteSocketAddress() instanceof InetSocketAddress address
                            ? address.getAddress()
                            : InetAddress.getLoopbackAddress();
            if (CHANGING.contains(request.getMethod())) {
                change(request, path, from, response, callback);
                return true;
            }
            RestApi.Reply reply = api.answer(
                    request.getMethod(),
                    path,
                    RestApi.query(request.getHttpURI().getQuery()),
                    from);
            send(reply, response, callback);
            LOG.debug(
                    "API thread: {} - - \"{} {}\" {} - latency: {} ms",
                    from.getHostAddress(),
                    request.getMethod(),
                    path,
                    reply.status(),
                    (System.nanoTime() - began) / 1_000_000);
            return true;
        }

        /** These wait for what they ask for, so they have threads of their own: health checks must not wait behind them. */
        private void change(Request request, String path, InetAddress from, Response response, Callback callback) {
            try {
                changes.execute(() -> {
                    try {
                        RestApi.Reply reply = api.changes()
                                .change(
                                        request.getMethod(),
                                        path,
                                        from,
                                        Optional.ofNullable(request.getHeaders().get(HttpHeader.AUTHORIZATION)),
                                        () -> body(request));
                        LOG.info(
                                "API thread: {} - - \"{} {}\" {}",
                                from.getHostAddress(),
                                request.getMethod(),
                                path,
                                reply.status());
                        send(reply, response, callback);
                    } catch (IOException e) {
                        LOG.info("a request of {} could not be read: {}", from.getHostAddress(), e.getMessage());
                        send(RestApi.Reply.page(413, "Content Too Large"), response, callback);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        callback.failed(e);
                    } catch (RuntimeException | StackOverflowError e) {
                        LOG.error("a request of {} failed: {} {}", from.getHostAddress(), request.getMethod(), path, e);
                        send(RestApi.Reply.page(500, "Internal Server Error"), response, callback);
                    }
                });
            } catch (RejectedExecutionException busy) {
                send(
                        RestApi.Reply.text(503, "too many requests that change something are under way; try again"),
                        response,
                        callback);
            }
        }

        /** Empty if none was announced. */
        private static Optional<String> body(Request request) throws IOException {
            boolean announced = request.getHeaders().contains(HttpHeader.CONTENT_LENGTH)
                    || request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING);
            if (!announced) {
                return Optional.empty();
            }
            try (InputStream in = Request.asInputStream(request)) {
                byte[] bytes = in.readNBytes(BODY_MAX + 1);
                if (bytes.length > BODY_MAX) {
                    throw new IOException("the body has more than " + BODY_MAX + " bytes");
                }
                // From here on it is the caller who waits for us.
                request.addIdleTimeoutListener(timeout -> false);
                return Optional.of(new String(bytes, StandardCharsets.UTF_8));
            }
        }

        private void send(RestApi.Reply reply, Response response, Callback callback) {
            response.setStatus(reply.status());
            if (reply.status() == 401) {
                response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Basic realm=\"Patroni\"");
            }
            if (!reply.type().isEmpty()) {
                response.getHeaders().put(HttpHeader.CONTENT_TYPE, reply.type());
                extraHeaders.forEach((name, value) -> response.getHeaders().put(name, value));
            }
            response.write(true, ByteBuffer.wrap(reply.body().getBytes(StandardCharsets.UTF_8)), callback);
        }
    }
}
