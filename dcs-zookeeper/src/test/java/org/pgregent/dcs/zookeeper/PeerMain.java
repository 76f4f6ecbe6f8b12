package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.pgregent.dcs.spi.DcsException;

/** One embedded server in a process of its own, so that it can be killed. Ends when its standard input does. */
final class PeerMain {

    private PeerMain() {}

    /** @param args id, data folder, secret or {@code -}, then a server's text for each id from 1 */
    public static void main(String[] args) throws IOException, DcsException {
        Map<Integer, String> servers = new HashMap<>();
        for (int i = 3; i < args.length; i++) {
            servers.put(i - 2, args[i]);
        }
        Map<String, Object> embedded = new HashMap<>(Map.of("id", args[0], "data_dir", args[1], "servers", servers));
        if (!args[2].equals("-")) {
            embedded.put("secret", args[2]);
        }
        PeerWatch watch = PeerWatch.start(EmbeddedSettings.parse("zookeeper", Map.of("embedded", embedded))
                .orElseThrow());
        while (System.in.read() >= 0) {
            // nothing is said here; only the end counts
        }
        watch.close();
        System.exit(0);
    }
}
