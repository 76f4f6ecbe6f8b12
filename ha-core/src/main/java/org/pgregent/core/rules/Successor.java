package org.pgregent.core.rules;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.pgregent.core.decide.Memory;
import org.pgregent.core.decide.Situation;
import org.pgregent.core.model.FailoverRequest;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.MemberView;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.PeerAnswers.PeerAnswer;
import org.pgregent.core.model.PostgresView.Control;
import org.pgregent.core.model.Versioned;

/** Who could take over from this leader, and who has all that it wrote: for a switchover and for a clean end alike. */
final class Successor {

    /** At the end the standbys have all there is within moments, or are not connected or too slow, and nobody can write meanwhile. */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    /** Members are asked no more often than this. */
    private static final Duration ASK_AGAIN = Duration.ofMillis(100);

    /** The record of a shutdown checkpoint takes about 120 bytes, and the heads of pages and segments a little more. */
    private static final long LAST_RECORD_MAX = 512;

    private Successor() {}

    /** Members that may lead: the one named, or all others. */
    static List<NodeName> candidates(Situation s, FailoverRequest request) {
        return s.cluster().members().stream()
                .filter(m -> !m.name().equals(s.me())
                        && m.apiUrl().isPresent()
                        && !m.tags().noFailover())
                .map(MemberView::name)
                .filter(name -> request.candidate().isEmpty() || request.names(name))
                .toList();
    }

    static boolean haveAnswered(Situation s, List<NodeName> candidates) {
        return s.node().peers().answers().stream()
                .map(PeerAnswer::name)
                .toList()
                .containsAll(candidates);
    }

    static PeerAnswer answer(Situation s, NodeName name) {
        return s.node().peers().answers().stream()
                .filter(a -> a.name().equals(name))
                .findFirst()
                .orElse(PeerAnswer.unreachable(name));
    }

    static boolean wereJustAsked(Situation s) {
        return s.node()
                .peers()
                .askedNanos()
                .map(t -> s.now().since(t).compareTo(ASK_AGAIN) < 0)
                .orElse(false);
    }

    /** Why this member could not take over now, if it could not. */
    static Optional<String> unfit(Situation s, PeerAnswer peer) {
        Optional<String> limitation = Candidacy.limitation(peer);
        if (limitation.isPresent()) {
            return Optional.of("member %s is %s".formatted(peer.name(), limitation.get()));
        }
        if (peer.writable()) {
            return Optional.of("member %s is a primary itself".formatted(peer.name()));
        }
        if (!peer.timeline().equals(s.postgres().wal().timeline())) {
            return Optional.of("member %s is on timeline %s"
                    .formatted(
                            peer.name(), peer.timeline().map(Object::toString).orElse("unknown")));
        }
        boolean ahead = peer.position()
                .flatMap(p -> s.postgres().wal().written().map(p::isAfter))
                .orElse(false);
        if (ahead) {
            return Optional.of("member %s has WAL that this primary never wrote".formatted(peer.name()));
        }
        long lag = s.cluster()
                .optime()
                .map(peer.position().orElse(Lsn.ZERO)::behind)
                .orElse(0L);
        return lag > s.settings().maximumLagOnFailover()
                ? Optional.of("Member %s exceeds maximum replication lag: %d bytes".formatted(peer.name(), lag))
                : Optional.empty();
    }

    /** How far this primary is with going down, from here on. */
    static Memory.Handover phase(Situation s, Memory.Handover.Phase phase, Optional<String> request) {
        Optional<Memory.Handover> before = s.memory().handover();
        return new Memory.Handover(
                before.map(Memory.Handover::version).or(() -> request).orElse(""),
                phase,
                s.now().monotonicNanos(),
                s.postgres().wal().written().or(() -> before.flatMap(Memory.Handover::position)));
    }

    /**
     * What pg_control says, once it tells of the end that was asked for. From then on nothing is written any more, though the
     * postmaster may yet be busy sending and archiving.
     */
    static Optional<Control> end(Situation s, Optional<Memory.Handover> stop) {
        return s.postgres().control().filter(c -> c.state().equals("shut down")).filter(c -> stop.flatMap(
                        Memory.Handover::position)
                .map(before -> !before.isAfter(c.checkpoint()))
                .orElse(true));
    }

    /** The first of them who has everything. */
    static Optional<NodeName> whole(Situation s, List<NodeName> candidates, Control end) {
        return candidates.stream()
                .map(name -> answer(s, name))
                .filter(a -> hasAll(a, end))
                .map(PeerAnswer::name)
                .findFirst();
    }

    /**
     * The checkpoint's position is where its record begins; whoever has more than that has all that came before it. It is the
     * last record, so whoever has much more is on another path.
     */
    private static boolean hasAll(PeerAnswer peer, Control end) {
        return Candidacy.limitation(peer).isEmpty()
                && !peer.writable()
                && peer.timeline().equals(Optional.of(end.timeline()))
                && peer.position()
                        .map(p ->
                                p.isAfter(end.checkpoint()) && end.checkpoint().behind(p) <= LAST_RECORD_MAX)
                        .orElse(false);
    }

    static Optional<String> statusVersion(Situation s) {
        return s.cluster().status().map(Versioned::version);
    }
}
