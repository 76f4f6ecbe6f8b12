package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.zookeeper.ZooDefs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;

/** A client in a process of its own: takes a lease, hangs a key on it, says the lease's name and waits to be killed. */
final class ClientMain {

    private ClientMain() {}

    /** @param args server, state folder, ttl in seconds, key */
    public static void main(String[] args) throws DcsException, IOException {
        Duration ttl = Duration.ofSeconds(Long.parseLong(args[2]));
        ZooKeeperSettings settings = new ZooKeeperSettings(
                "zookeeper",
                List.of(HostPort.parse(args[0])),
                "",
                Map.of(),
                ZooDefs.Ids.OPEN_ACL_UNSAFE,
                Duration.ofMillis(500),
                false,
                Optional.empty());
        try (ZooKeeperDcs dcs = new ZooKeeperDcs(settings, Path.of(args[1]), ttl, () -> {})) {
            Lease lease = dcs.grant(ttl, Ensemble.PATIENCE);
            if (!dcs.put(
                            args[3],
                            "of the killed".getBytes(StandardCharsets.UTF_8),
                            Expect.absent(),
                            Optional.of(lease),
                            Ensemble.PATIENCE)
                    .written()) {
                throw new IllegalStateException("the key was there");
            }
            System.out.println(lease.id());
            while (System.in.read() >= 0) {
                // waits for the end
            }
        }
        System.exit(0);
    }
}
