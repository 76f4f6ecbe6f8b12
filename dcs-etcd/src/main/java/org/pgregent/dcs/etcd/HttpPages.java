package org.pgregent.dcs.etcd;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.netty.handler.ssl.JdkSslContext;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The few plain pages of an etcd server we look at: its version, its members as its peers see them, its old API. */
final class HttpPages {

    private static final Logger LOG = LoggerFactory.getLogger(HttpPages.class);
    private static final JsonFactory JSON = new JsonFactory();

    record Page(int status, String text) {}

    private final Tls tls;
    private final Executor executor;

    HttpPages(Tls tls, Executor executor) {
        this.tls = tls;
        this.executor = executor;
    }

    /** Empty if there was no answer, whatever the reason. */
    Optional<Page> get(Endpoint server, String path, Duration timeout) throws InterruptedException {
        try {
            return Optional.of(ask(server, path, timeout));
        } catch (IOException | DcsRefusedException e) {
            LOG.debug("no answer from {}", server, e);
            return Optional.empty();
        }
    }

    /** Whether there is TLS, be it that each side rejects the other's certificate. */
    boolean speaksTls(Endpoint server, Duration timeout) throws InterruptedException {
        try {
            ask(new Endpoint(server.host(), server.port(), true), "/version", timeout);
            return true;
        } catch (IOException e) {
            return Failures.find(e, CertificateException.class) != null
                    || Failures.messages(e).contains("pkix path")
                    || Failures.isAboutOurs(Failures.messages(e));
        } catch (DcsRefusedException e) {
            return false;
        }
    }

    private Page ask(Endpoint server, String path, Duration timeout)
            throws IOException, InterruptedException, DcsRefusedException {
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .executor(executor)
                .connectTimeout(timeout);
        if (server.tls() && tls.load() instanceof JdkSslContext jdk) {
            builder.sslContext(jdk.context());
        }
        HttpRequest request =
                HttpRequest.newBuilder(server.page(path)).timeout(timeout).build();
        HttpResponse<String> response = builder.build().send(request, BodyHandlers.ofString());
        return new Page(response.statusCode(), response.body());
    }

    /** Where the members of the cluster serve clients, as this peer says. */
    List<Endpoint> membersKnownTo(Endpoint peer, Duration timeout) throws InterruptedException {
        Optional<Page> page = get(peer, "/members", timeout).filter(answer -> answer.status == 200);
        List<Endpoint> members = new ArrayList<>();
        if (page.isPresent()) {
            try (JsonParser parser = JSON.createParser(page.get().text)) {
                for (String url : textsIn(parser, "clientURLs")) {
                    members.add(Endpoint.of(URI.create(url)));
                }
            } catch (IOException | IllegalArgumentException e) {
                LOG.warn("{} answers with a list of members that cannot be read", peer.page("/members"), e);
            }
        }
        return members;
    }

    private static List<String> textsIn(JsonParser parser, String field) throws IOException {
        List<String> texts = new ArrayList<>();
        while (parser.nextToken() != null) {
            if (parser.currentToken() == JsonToken.FIELD_NAME
                    && parser.currentName().equals(field)
                    && parser.nextToken() == JsonToken.START_ARRAY) {
                while (parser.nextToken() == JsonToken.VALUE_STRING) {
                    texts.add(parser.getText());
                }
            }
        }
        return texts;
    }
}
