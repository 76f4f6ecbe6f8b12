package org.pgregent.core.rules;

import java.util.Optional;
import org.pgregent.core.decide.Action;
import org.pgregent.core.decide.Decision;
import org.pgregent.core.decide.Memory;
import org.pgregent.core.decide.Situation;
import org.pgregent.core.model.MemberView;
import org.pgregent.core.model.TaskKind;
import org.pgregent.core.model.TaskView.Divergence;
import org.pgregent.core.model.Upstream;

/** Somebody else leads. */
final class Following {

    private Following() {}

    static Optional<Decision> wrongUpstream(Situation s) {
        if (!s.anotherLeads() || !s.postgres().isReplica() || s.backingOff(TaskKind.FOLLOW)) {
            return Optional.empty();
        }
        Optional<Upstream> wanted = s.wantedUpstream();
        boolean known = wanted.isPresent() || s.node().tags().noStream();
        boolean right = wanted.map(w -> s.postgres()
                        .upstream()
                        .map(u -> u.host().equals(w.host()) && u.port() == w.port())
                        .orElse(false))
                .orElse(s.postgres().upstream().isEmpty());
        if (!known || right) {
            return Optional.empty();
        }
        return s.start(
                new Action.Follow(wanted),
                "changing primary_conninfo: following "
                        + wanted.map(u -> u.name().value()).orElse("nobody") + s.lastFailure(TaskKind.FOLLOW));
    }

    /**
     * A replica that cannot stream although the leader is up may have more WAL of an older timeline than the leader took over.
     * Compared once per leader and timeline; while it streams there is nothing to doubt.
     */
    static Optional<Decision> notStreaming(Situation s) {
        if (s.paused() || !s.postgres().isReplica() || s.postgres().isStreaming() || !s.leaderIsUp()) {
            return Optional.empty();
        }
        Optional<Upstream> leader = s.leaderMember().flatMap(MemberView::asUpstream);
        Optional<Divergence> verdict = s.memory()
                .verdict()
                .filter(v -> v.rival().equals(s.rival().orElseThrow()))
                .map(Memory.Verdict::divergence);
        if (verdict.equals(Optional.of(Divergence.DIVERGED))) {
            return s.start(
                    new Action.StopPostgres(false),
                    "this replica's WAL left the path of leader %s: stopping it for pg_rewind"
                            .formatted(s.rival().orElseThrow().leader()));
        }
        boolean sameTimeline =
                s.postgres().wal().timeline().equals(s.rival().orElseThrow().timeline());
        if (verdict.isPresent() || leader.isEmpty() || sameTimeline || s.backingOff(TaskKind.CHECK_DIVERGENCE)) {
            return Optional.empty();
        }
        return s.start(
                new Action.CheckDivergence(leader.get()),
                "not streaming from leader %s on timeline %s: comparing timelines"
                        .formatted(
                                leader.get().name(),
                                s.rival().get().timeline().map(Object::toString).orElse("unknown")),
                s.memory().change().comparing(s.rival()).done());
    }
}
