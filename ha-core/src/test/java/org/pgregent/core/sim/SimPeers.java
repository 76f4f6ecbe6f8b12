package org.pgregent.core.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.PeerAnswers.PeerAnswer;
import org.pgregent.core.model.Role;
import org.pgregent.core.model.Tags;
import org.pgregent.core.model.Timeline;
import org.pgregent.core.port.Peers;
import org.pgregent.core.sim.PgServer.State;

/** The other agents' REST interfaces: they answer from a fresh look at their PostgreSQL, if they are there to answer. */
final class SimPeers extends SimPort implements Peers {

    SimPeers(SimNode node, SimProcess process) {
        super(node, process);
    }

    private static final class Asking {
        private final List<PeerAnswer> answers = new ArrayList<>();
        private int missing;
        private boolean closed;
    }

    @Override
    public void ask(List<Peer> peers, Duration timeout, Consumer<List<PeerAnswer>> done) {
        requireAlive();
        Asking asking = new Asking();
        asking.missing = peers.size();
        for (Peer peer : peers) {
            asking.answers.add(PeerAnswer.unreachable(peer.name()));
        }
        for (int i = 0; i < peers.size(); i++) {
            int place = i;
            SimNode other = cluster.node(peers.get(i).name().value());
            if (cluster.network().open(node.index(), other.index())) {
                scheduler.after(cluster.network().latency(), () -> arrive(other, place, asking, done));
            }
        }
        process.deliver(peers.isEmpty() ? 1 : timeout.toNanos(), () -> finish(asking, done));
    }

    private void arrive(SimNode other, int place, Asking asking, Consumer<List<PeerAnswer>> done) {
        if (!other.agentAnswers()) {
            return;
        }
        PeerAnswer answer = answerOf(other);
        if (cluster.network().open(other.index(), node.index())) {
            process.deliver(cluster.network().latency(), () -> {
                asking.answers.set(place, answer);
                if (--asking.missing == 0) {
                    finish(asking, done);
                }
            });
        }
    }

    private void finish(Asking asking, Consumer<List<PeerAnswer>> done) {
        if (!asking.closed) {
            asking.closed = true;
            done.accept(List.copyOf(asking.answers));
        }
    }

    private static PeerAnswer answerOf(SimNode other) {
        PgServer pg = other.postgres();
        boolean tells = pg.state == State.RUNNING && pg.role.isPresent();
        return new PeerAnswer(
                other.localName(),
                true,
                tells && pg.role.equals(Optional.of(Role.PRIMARY)),
                tells ? Optional.of(new Lsn(pg.wal.lsn())) : Optional.empty(),
                tells ? Optional.of(new Timeline(pg.wal.branch().timeline())) : Optional.empty(),
                Tags.NONE,
                false);
    }
}
