package org.pgregent.bundle;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Callback;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsProvider;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.launcher.Json;

/** All stores and the HTTP server open in one process, and each used. Arguments: a JSON file of settings by section, a folder. */
public final class AllStoresMain {

    private static final Duration CALL = Duration.ofSeconds(30);
    private static final byte[] VALUE = "value".getBytes(StandardCharsets.UTF_8);

    private AllStoresMain() {}

    public static void main(String[] arguments) throws Exception {
        Map<String, Object> sections =
                Json.object(Files.readString(Path.of(arguments[0]))).orElseThrow();
        Server http = startHttp();
        List<Dcs> open = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (Map.Entry<String, Object> section : sections.entrySet()) {
            names.add(section.getKey());
            open.add(connect(section.getKey(), section.getValue(), Path.of(arguments[1], section.getKey())));
        }
        for (int i = 0; i < open.size(); i++) {
            use(open.get(i));
            System.out.println("used " + names.get(i));
        }
        ask(http);
        System.out.println("used jetty");
        // Whatever threads the libraries leave behind.
        System.exit(0);
    }

    @SuppressWarnings("unchecked")
    private static Dcs connect(String section, Object settings, Path stateDir) throws Exception {
        DcsProvider provider = ServiceLoader.load(DcsProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(each -> each.sections().contains(section))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no store answers for " + section));
        Files.createDirectories(stateDir);
        return provider.connect(
                new DcsConfig(section, (Map<String, Object>) settings, "n1", stateDir, Duration.ofSeconds(10)));
    }

    private static void use(Dcs dcs) throws Exception {
        Lease lease = granted(dcs);
        CountDownLatch hinted = new CountDownLatch(1);
        dcs.watch(Set.of("/all/a"), hinted::countDown);
        require(
                dcs.put("/all/a", VALUE, Expect.absent(), Optional.of(lease), CALL)
                        .written(),
                "written");
        require(
                dcs.put("/all/a", VALUE, Expect.heldBy(lease), Optional.of(lease), CALL)
                        .written(),
                "written again");
        require(dcs.renew(lease, CALL), "renewed");
        DcsSnapshot.Entry entry = dcs.readAll("/all", CALL).get("/all/a").orElseThrow();
        require(entry.text().equals("value") && entry.leaseId().equals(Optional.of(lease.id())), "read as written");
        require(hinted.await(CALL.toSeconds(), TimeUnit.SECONDS), "hinted");
        dcs.revoke(lease, CALL);
        require(dcs.readAll("/all", CALL).entries().isEmpty(), "gone with its lease");
    }

    /** A server inside this process takes a while. */
    private static Lease granted(Dcs dcs) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(90).toNanos();
        while (true) {
            try {
                return dcs.grant(Duration.ofSeconds(10), Duration.ofSeconds(5));
            } catch (DcsException notYet) {
                if (System.nanoTime() - end > 0) {
                    throw notYet;
                }
                TimeUnit.MILLISECONDS.sleep(50);
            }
        }
    }

    private static Server startHttp() throws Exception {
        Server server = new Server(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        server.setHandler(new Handler.Abstract() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                response.write(true, ByteBuffer.wrap(VALUE), callback);
                return true;
            }
        });
        server.start();
        return server;
    }

    private static void ask(Server http) throws Exception {
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(http.getURI().toString()))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        require(answer.statusCode() == 200 && answer.body().equals("value"), "answered");
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException("not " + what);
        }
    }
}
