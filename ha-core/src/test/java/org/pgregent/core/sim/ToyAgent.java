package org.pgregent.core.sim;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.pgregent.core.agent.LocalNode;
import org.pgregent.core.agent.Ports;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.PostgresSettings;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.PostgresView.DataDir;
import org.pgregent.core.model.SafeTimes;
import org.pgregent.core.model.Upstream;
import org.pgregent.core.port.Postgres.StopMode;
import org.pgregent.core.port.PostgresException;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;

/**
 * A hundred lines that fail over, to try the simulator apart from the real agent: it must survive calm weather, and its
 * carelessness (it ignores leases, guards and everybody's position when told to) must be found.
 */
final class ToyAgent implements SimAgent {

    private static final Duration SHORT = Duration.ofSeconds(3);
    private static final Duration LONG = Duration.ofSeconds(60);
    private final LocalNode local;
    private final Ports ports;
    private final boolean careful;
    private final String leaderKey;
    private Optional<Lease> lease = Optional.empty();
    private long renewedNanos;
    private String sentence = "";

    ToyAgent(LocalNode local, Ports ports, boolean careful) {
        this.local = local;
        this.ports = ports;
        this.careful = careful;
        this.leaderKey = local.basePath() + "/leader";
        ports.dcs().watch(Set.of(leaderKey), ports.waker());
    }

    @Override
    public Duration step() {
        try {
            if (careful) {
                ports.deadman().ensure(SHORT);
            }
            keepLease();
            act(ports.dcs().readAll(local.basePath(), SHORT), ports.postgres().observe(SHORT));
        } catch (DcsException away) {
            sentence = "the store is away";
            stopIfOver();
        } catch (PostgresException | InterruptedException failed) {
            sentence = failed.getMessage();
        }
        return Duration.ofSeconds(1);
    }

    private void keepLease() throws DcsException {
        long before = ports.clock().monotonicNanos();
        if (lease.isEmpty() || !ports.dcs().renew(lease.get(), SHORT)) {
            lease = Optional.of(ports.dcs().grant(Duration.ofSeconds(20), SHORT));
        }
        renewedNanos = before;
    }

    private void stopIfOver() {
        if (careful
                && lease.isPresent()
                && ports.clock().monotonicNanos() - renewedNanos
                        > lease.get().safeTtl().toNanos() - 5_000_000_000L) {
            try {
                ports.postgres().stop(StopMode.IMMEDIATE, SHORT);
            } catch (PostgresException | InterruptedException failed) {
                sentence = failed.getMessage();
            }
        }
    }

    private void act(DcsSnapshot store, PostgresView pg) throws DcsException, PostgresException, InterruptedException {
        Optional<String> leader = store.get(leaderKey).map(DcsSnapshot.Entry::text);
        String me = local.name().value();
        if (pg.dataDir() != DataDir.PRESENT) {
            fill(store, leader);
        } else if (leader.equals(Optional.of(me))) {
            lead(pg);
        } else if (leader.isEmpty() && pg.isReplica()) {
            sentence = "takes the key";
            ports.dcs().put(leaderKey, bytes(me), Expect.absent(), lease, SHORT);
        } else if (leader.isPresent() && pg.isStopped()) {
            ports.postgres().startReplica(PostgresSettings.NONE, Optional.of(at(leader.get())), LONG);
        } else if (pg.isPrimary()) {
            ports.postgres().stop(StopMode.FAST, LONG);
        } else if (leader.isPresent() && !pg.upstream().map(Upstream::host).equals(leader)) {
            ports.postgres().follow(PostgresSettings.NONE, Optional.of(at(leader.get())), LONG);
        } else {
            sentence = "follows " + leader.orElse("nobody");
        }
    }

    private void fill(DcsSnapshot store, Optional<String> leader)
            throws DcsException, PostgresException, InterruptedException {
        String key = local.basePath() + "/initialize";
        if (leader.isPresent()) {
            ports.postgres().cloneFrom(at(leader.get()), LONG);
        } else if (store.get(key).isEmpty()
                && ports.dcs()
                        .put(key, bytes(""), Expect.absent(), Optional.empty(), SHORT)
                        .written()) {
            ports.postgres().initialize(LONG);
            ports.dcs().put(leaderKey, bytes(local.name().value()), Expect.absent(), lease, SHORT);
        }
    }

    private void lead(PostgresView pg) throws PostgresException, InterruptedException {
        sentence = "leads";
        long deadline = renewedNanos + lease.orElseThrow().safeTtl().toNanos();
        if (careful
                && !ports.deadman()
                        .arm(deadline, SafeTimes.of(lease.get().safeTtl()).killMargin(), SHORT)) {
            return;
        }
        if (pg.isReplica()) {
            ports.postgres().promote(LONG);
        } else if (pg.isStopped()) {
            ports.postgres().startPrimary(PostgresSettings.NONE, LONG);
        }
    }

    private static Upstream at(String name) {
        return new Upstream(new NodeName(name), name, 5432, "postgres");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void requestShutdown() {}

    @Override
    public Optional<String> ended() {
        return Optional.empty();
    }

    @Override
    public String sentence() {
        return sentence;
    }
}
