package org.pgregent.dcs.zookeeper;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsProvider;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;

/** A program that has this store and no other library; see {@link AloneOnTheClassPathIT}. Uses nothing of the test kit. */
final class AloneMain {

    private static final Duration TTL = Duration.ofSeconds(10);
    private static final Duration CALL = Duration.ofSeconds(5);

    private AloneMain() {}

    /** @param args a folder, the authority, a certificate, its key, the outside server, the embedded server's address */
    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        Map<String, Object> tls = Map.of("cacert", args[1], "cert", args[2], "key", args[3]);
        DcsProvider provider = ServiceLoader.load(DcsProvider.class).findFirst().orElseThrow();

        Map<String, Object> outside = new HashMap<>(tls);
        outside.putAll(Map.of("use_ssl", true, "hosts", List.of(args[4]), "tick_time", 500));
        writeAndRead(provider, outside, folder.resolve("outside"));
        System.out.println("outside: written and read");

        Map<String, Object> embedded = new HashMap<>(tls);
        embedded.putAll(
                Map.of("id", 1, "data_dir", folder.resolve("data").toString(), "servers", Map.of("1", args[5])));
        writeAndRead(provider, Map.of("embedded", embedded), folder.resolve("embedded"));
        System.out.println("embedded: written and read");
        System.exit(0);
    }

    private static void writeAndRead(DcsProvider provider, Map<String, Object> section, Path state) throws Exception {
        Files.createDirectory(state);
        try (Dcs dcs = provider.connect(new DcsConfig("zookeeper", section, "n1", state, TTL))) {
            Lease lease = granted(dcs);
            byte[] value = "alone".getBytes(StandardCharsets.UTF_8);
            if (!dcs.put("/alone/a", value, Expect.absent(), Optional.of(lease), CALL)
                            .written()
                    || !dcs.readAll("/alone", CALL)
                            .get("/alone/a")
                            .orElseThrow()
                            .text()
                            .equals("alone")) {
                throw new IllegalStateException("not what was written");
            }
        }
    }

    /** A server that has only just been started is waited for. */
    private static Lease granted(Dcs dcs) throws DcsException {
        long end = System.nanoTime() + Duration.ofSeconds(90).toNanos();
        while (true) {
            try {
                return dcs.grant(TTL, CALL);
            } catch (DcsUnavailableException notYet) {
                if (System.nanoTime() - end > 0) {
                    throw notYet;
                }
            }
        }
    }
}
