package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.pgregent.dcs.spi.DcsException;

/** One embedded server in a process of its own, so that it can be killed. Ends when its standard input does. */
final class PeerMain {

    private static final String SERVER = "servers.";

    private PeerMain() {}

    /** @param args a file with the settings of the section {@code embedded}; a server's key is {@code servers.ID} */
    public static void main(String[] args) throws IOException, DcsException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(args[0]))) {
            properties.load(reader);
        }
        Map<Integer, String> servers = new HashMap<>();
        Map<String, Object> embedded = new HashMap<>();
        for (String name : properties.stringPropertyNames()) {
            if (name.startsWith(SERVER)) {
                servers.put(Integer.valueOf(name.substring(SERVER.length())), properties.getProperty(name));
            } else {
                embedded.put(name, properties.getProperty(name));
            }
        }
        embedded.put("servers", servers);
        PeerWatch watch = PeerWatch.start(EmbeddedSettings.parse("zookeeper", Map.of("embedded", embedded))
                .orElseThrow());
        while (System.in.read() >= 0) {
            // nothing is said here; only the end counts
        }
        watch.close();
        System.exit(0);
    }
}
