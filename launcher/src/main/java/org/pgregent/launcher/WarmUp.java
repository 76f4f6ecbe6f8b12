package org.pgregent.launcher;

import com.google.inject.Guice;
import com.google.inject.Stage;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.PostgresView.DataDir;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;

/**
 * Loads what an agent loads, without touching anything, so that the JVM can keep it in an archive. Whatever fails here (nothing
 * listens where it connects to) has been loaded by then.
 */
@Command(name = WarmUp.NAME, hidden = true)
final class WarmUp implements Callable<Integer> {

    static final String NAME = "internal-warm-up";

    private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);
    private static final String NOBODY = "127.0.0.1:1";
    private static final String CONFIGURATION = """
            {scope: warm, name: up, restapi: {listen: '127.0.0.1:1'}, zookeeper: {hosts: ['127.0.0.1:1']},
             postgresql: {listen: '127.0.0.1:1', data_dir: %s/data,
                          authentication: {superuser: {username: a}, replication: {username: b}}}}
            """;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("pgregent-warm-up-");
        Path file = folder.resolve("warm.yml");
        try {
            Files.writeString(file, CONFIGURATION.formatted(folder));
            ProviderCatalog catalog = ProviderCatalog.onClassPath();
            LauncherConfig config = LauncherConfig.read(file, Map.of(), catalog);
            Guice.createInjector(Stage.DEVELOPMENT, new Wiring(config))
                    .getInstance(Waker.class)
                    .run();
            for (String section : catalog.sections()) {
                open(catalog.forSection(section).orElseThrow(), section, folder);
            }
            LOG.debug("{}", PostgresView.of(DataDir.EMPTY, PostgresView.Process.STOPPED));
            HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(URI.create("http://" + NOBODY)).build(), BodyHandlers.ofString());
        } catch (ConfigException | IOException expected) {
            LOG.debug("warming up: {}", expected.getMessage());
        } finally {
            Files.deleteIfExists(file);
            Files.deleteIfExists(folder);
        }
        return connectTo(NOBODY);
    }

    private static int connectTo(String nobody) {
        try {
            DriverManager.getConnection("jdbc:postgresql://" + nobody + "/x?user=x")
                    .close();
        } catch (SQLException expected) {
            LOG.debug("warming up: {}", expected.getMessage());
        }
        return 0;
    }

    private static void open(DcsProvider provider, String section, Path folder) {
        try (Dcs dcs = provider.connect(
                new DcsConfig(section, Map.of("hosts", List.of(NOBODY)), "warm", folder, Duration.ofSeconds(30)))) {
            dcs.readAll("/", Duration.ofMillis(300));
        } catch (DcsException expected) {
            LOG.debug("warming up: {}", expected.getMessage());
        }
    }
}
