package org.pgregent.dcs.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.Expect;

/** The one procedure by which servers come and go ({@code docs/quorum.md}), and what must not come of doing it wrong. */
@Timeout(value = 420, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GrowingQuorumIT {

    private static final Duration TTL = Duration.ofSeconds(10);
    private static final Duration CALL = Duration.ofSeconds(5);

    private static void awaitWritten(Dcs dcs, String key, String value) throws InterruptedException {
        Ensemble.await("a write of " + key, () -> dcs.put(
                        key, value.getBytes(StandardCharsets.UTF_8), Expect.anything(), Optional.empty(), CALL)
                .written());
    }

    private static Set<String> keys(Dcs dcs) throws DcsException {
        return dcs.readAll("/it", Duration.ofSeconds(20)).entries().keySet();
    }

    private static void restart(Ensemble ensemble, int id) throws Exception {
        ensemble.kill(id);
        ensemble.start(id);
        ensemble.awaitServing(id);
    }

    @Test
    void growsToFiveAndShrinksToThreeAndKeepsItsDataAndItsList() throws Exception {
        try (Ensemble ensemble = new Ensemble(3, Optional.of(Ensemble.SECRET))) {
            ensemble.startAll();
            ensemble.awaitQuorum(1, 2, 3);
            try (Dcs dcs = ensemble.connect("n1", TTL, 1, 2)) {
                awaitWritten(dcs, "/it/of-three", "3");

                ensemble.another();
                ensemble.configure(4, 2, 1, 2, 3, 4);
                ensemble.start(4);
                ensemble.awaitQuorum(1, 2, 3, 4);
                awaitWritten(dcs, "/it/of-four", "4");

                ensemble.another();
                for (int id = 1; id <= 5; id++) {
                    ensemble.configure(id, 3, 1, 2, 3, 4, 5);
                }
                ensemble.start(5);
                ensemble.awaitQuorum(1, 2, 3, 4, 5);
                for (int id = 1; id <= 4; id++) {
                    restart(ensemble, id);
                }
                ensemble.awaitQuorum(1, 2, 3, 4, 5);
                awaitWritten(dcs, "/it/of-five", "5");

                // Five servers get over the loss of any two.
                ensemble.kill(1);
                ensemble.kill(4);
                try (Dcs rest = ensemble.connect("n2", TTL, 2, 3, 5)) {
                    awaitWritten(rest, "/it/of-three-of-five", "3/5");
                }
                ensemble.start(1);
                ensemble.awaitServing(1);

                // Server 4 is down when it is removed, server 3 is not.
                ensemble.configure(1, 4, 1, 2, 3, 5);
                restart(ensemble, 1);
                ensemble.awaitQuorum(1, 2, 3, 5);
                for (int id : new int[] {1, 2, 5}) {
                    ensemble.configure(id, 5, 1, 2, 5);
                    restart(ensemble, id);
                }
                ensemble.awaitQuorum(1, 2, 5);
                Ensemble.await("server 3 knows that it was removed", () -> ensemble.log(3)
                        .contains("was removed from the quorum"));
                Ensemble.await("server 3 has ended", () -> ensemble.status(3) == ServerStatus.SILENT);

                ensemble.killAll();
                ensemble.startAll();
                ensemble.awaitQuorum(1, 2, 5);
                awaitWritten(dcs, "/it/after-all", "!");
                assertThat(keys(dcs))
                        .contains(
                                "/it/of-three", "/it/of-four", "/it/of-five", "/it/of-three-of-five", "/it/after-all");
                for (int removed : new int[] {3, 4}) {
                    Ensemble.await("server " + removed + " stays out", () -> ensemble.log(removed)
                            .contains("does not start"));
                    assertThat(ensemble.status(removed)).isEqualTo(ServerStatus.SILENT);
                }
                ensemble.awaitQuorum(1, 2, 5);
            }
        }
    }

    /** An empty folder must never help to found a second quorum beside the one there is. */
    @Test
    void newServersNeverFoundAQuorumOfTheirOwn() throws Exception {
        try (Ensemble ensemble = new Ensemble(1, Optional.empty())) {
            ensemble.startAll();
            ensemble.awaitQuorum(1);
            try (Dcs dcs = ensemble.connect("n1", TTL, 1)) {
                awaitWritten(dcs, "/it/a", "1");
                ensemble.another();
                ensemble.another();
                // Both at once, with a list that makes them a majority, while the old quorum cannot be asked.
                ensemble.kill(1);
                for (int id = 2; id <= 3; id++) {
                    ensemble.configure(id, 2, 1, 2, 3);
                    ensemble.start(id);
                }
                for (int id = 2; id <= 3; id++) {
                    int waiting = id;
                    Ensemble.await("server " + id + " waits", () -> ensemble.log(waiting)
                            .contains("there is a quorum already"));
                }
                TimeUnit.SECONDS.sleep(2);
                assertThat(ensemble.status(2)).isNotEqualTo(ServerStatus.SERVING);
                assertThat(ensemble.status(3)).isNotEqualTo(ServerStatus.SERVING);
                // And when it can: they want two steps at once.
                ensemble.start(1);
                ensemble.awaitQuorum(1);
                for (int id = 2; id <= 3; id++) {
                    int waiting = id;
                    Ensemble.await("server " + id + " is told why", () -> ensemble.log(waiting)
                            .contains("add it alone"));
                }
                ensemble.awaitQuorum(1);
                // One after the other.
                ensemble.kill(2);
                ensemble.configure(2, 2, 1, 2);
                ensemble.start(2);
                ensemble.awaitQuorum(1, 2);
                ensemble.kill(3);
                ensemble.configure(3, 3, 1, 2, 3);
                ensemble.start(3);
                ensemble.awaitQuorum(1, 2, 3);
                assertThat(keys(dcs)).contains("/it/a");
            }
        }
    }

    /** A configuration nobody has updated, an old one that comes back, and two that contradict each other: the quorum stays. */
    @Test
    void anOldOrContradictingListChangesNothing() throws Exception {
        try (Ensemble ensemble = new Ensemble(3, Optional.of(Ensemble.SECRET))) {
            ensemble.startAll();
            ensemble.awaitQuorum(1, 2, 3);
            ensemble.another();
            ensemble.configure(4, 2, 1, 2, 3, 4);
            ensemble.start(4);
            ensemble.awaitQuorum(1, 2, 3, 4);
            restart(ensemble, 1);
            Ensemble.await("the old list is noticed", () -> ensemble.log(1).contains("is older than the quorum's"));
            ensemble.configure(2, 2, 1, 2, 3);
            restart(ensemble, 2);
            Ensemble.await("the contradiction is noticed", () -> ensemble.log(2).contains("raise servers_version"));
            ensemble.configure(3, 9, 3);
            restart(ensemble, 3);
            Ensemble.await("the leap is noticed", () -> ensemble.log(3).contains("change one at a time"));
            ensemble.awaitQuorum(1, 2, 3, 4);
        }
    }

    @Test
    void aServerThatLostItsDiskComesBackAsItself() throws Exception {
        try (Ensemble ensemble = new Ensemble(3, Optional.of(Ensemble.SECRET))) {
            ensemble.startAll();
            ensemble.awaitQuorum(1, 2, 3);
            try (Dcs dcs = ensemble.connect("n1", TTL, 1, 2)) {
                awaitWritten(dcs, "/it/a", "1");
                ensemble.kill(3);
                ensemble.loseDisk(3);
                ensemble.start(3);
                ensemble.awaitQuorum(1, 2, 3);
                ensemble.kill(2);
                try (Dcs last = ensemble.connect("n2", TTL, 3)) {
                    Ensemble.await("the data is there again", () -> keys(last).contains("/it/a"));
                }
            }
        }
    }
}
