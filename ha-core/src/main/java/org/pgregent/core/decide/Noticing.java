package org.pgregent.core.decide;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.pgregent.core.decide.Memory.Handover.Phase;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.MemberView;
import org.pgregent.core.model.NodeView;
import org.pgregent.core.model.Now;
import org.pgregent.core.model.Settings;
import org.pgregent.core.model.TaskKind;
import org.pgregent.core.model.TaskView;
import org.pgregent.core.model.TaskView.Divergence;
import org.pgregent.core.model.Versioned;

/** What every decision notes down first, whatever is decided then: since when something is so, and how tasks ended. */
final class Noticing {

    private Noticing() {}

    static Memory notice(ClusterView cluster, NodeView node, Settings settings, Now now, Memory memory) {
        Memory.Draft draft = memory.change();
        Situation before = new Situation(cluster, node, settings, now, memory);
        if (cluster.reachable()) {
            cluster.systemId().ifPresent(draft::knownSystem);
            noticeLeader(before, draft);
            noticeClaim(before, draft);
            noticeRequest(before, draft);
        } else {
            // The key may come and go unseen while the store is away: answers of peers from before must not count
            // after.
            draft.leaderlessSince(Optional.empty());
        }
        if (!node.mayBeWritable()) {
            draft.mustStop(false);
        }
        if (node.guard().alive()) {
            draft.guardTried(Optional.empty());
        }
        if (node.postgres().isPrimary()
                || cluster.reachable() && !node.postgres().isStopped()) {
            draft.outageStopped(false);
        }
        boolean broken = before.iLead() && node.postgres().role().isEmpty();
        draft.brokenSince(broken ? Optional.of(memory.brokenSince().orElse(now.monotonicNanos())) : Optional.empty());
        node.task()
                .filter(t -> !t.isRunning() && t.id() > memory.digestedTask())
                .ifPresent(t -> noticeEnd(t, now, memory, draft));
        return draft.done();
    }

    private static void noticeLeader(Situation s, Memory.Draft draft) {
        if (s.cluster().leader().isEmpty()) {
            draft.leaderlessSince(
                    Optional.of(s.memory().leaderlessSince().orElse(s.now().monotonicNanos())));
        } else {
            draft.leaderlessSince(Optional.empty());
        }
        if (s.iLead()) {
            draft.leadsOn(s.node().lease().id());
            draft.slotsSeen(slotsSeen(s));
        } else {
            draft.leadsOn(Optional.empty());
            draft.slotsSeen(Map.of());
        }
    }

    private static Map<String, Long> slotsSeen(Situation s) {
        TreeMap<String, Long> seen = new TreeMap<>(s.memory().slotsSeen());
        if (!s.memory().leadsOn().equals(s.node().lease().id())) {
            // Leadership is new: whoever was kept a slot for gets its full time again.
            s.cluster().status().ifPresent(status -> status.value()
                    .retainSlots()
                    .forEach(slot -> seen.put(slot, s.now().monotonicNanos())));
        }
        for (MemberView member : s.cluster().members()) {
            if (!member.tags().noStream()) {
                seen.put(member.name().slotName(), s.now().monotonicNanos());
            }
        }
        Duration keep = s.settings().memberSlotsTtl();
        seen.values().removeIf(at -> s.now().since(at).compareTo(keep) > 0);
        return seen;
    }

    private static void noticeRequest(Situation s, Memory.Draft draft) {
        Optional<String> version = s.request().map(Versioned::version);
        Optional<Memory.SeenRequest> known = s.memory().request().filter(r -> version.equals(Optional.of(r.version())));
        draft.request(known.or(() -> version.map(v -> new Memory.SeenRequest(
                v, s.now().monotonicNanos(), s.cluster().leader().map(l -> l.name())))));
        boolean stillFor = s.memory()
                .handover()
                .map(h -> version.equals(Optional.of(h.version())))
                .orElse(false);
        boolean backAgain = s.isHandingOver(Phase.TAKE_BACK) && s.postgres().isPrimary();
        if (!s.iLead() || backAgain || s.isHandingOver(Phase.CHECKPOINT) && !stillFor) {
            draft.handover(Optional.empty());
        }
        if (s.iLead() || s.postgres().role().isPresent()) {
            draft.handedOver(Optional.empty());
        }
        if (!version.equals(s.memory().tookFor())) {
            draft.tookFor(Optional.empty());
        }
    }

    /** A claim is idle while no member says that it is making the cluster; its author may have died. */
    private static void noticeClaim(Situation s, Memory.Draft draft) {
        Optional<String> claim =
                s.cluster().initialize().filter(i -> i.value().isEmpty()).map(i -> i.version());
        boolean worked = s.cluster().members().stream().anyMatch(MemberView::isInitializing);
        if (claim.isEmpty() || worked || claim.equals(s.node().claim())) {
            draft.idleClaim(Optional.empty());
        } else if (s.memory()
                .idleClaim()
                .map(c -> !c.version().equals(claim.get()))
                .orElse(true)) {
            draft.idleClaim(
                    Optional.of(new Memory.IdleClaim(claim.get(), s.now().monotonicNanos())));
        }
    }

    private static void noticeEnd(TaskView task, Now now, Memory memory, Memory.Draft draft) {
        draft.digestedTask(task.id());
        if (task.phase() == TaskView.Phase.FAILED) {
            int times = memory.failure(task.kind()).map(f -> f.times() + 1).orElse(1);
            draft.failure(
                    task.kind(),
                    new Memory.Failure(
                            times,
                            now.monotonicNanos()
                                    + pauseAfter(task.kind(), times).toNanos(),
                            task.failure().orElse("no reason given")));
        } else if (task.phase() == TaskView.Phase.DONE) {
            draft.noFailure(task.kind());
        }
        if (task.kind() == TaskKind.CHECK_DIVERGENCE) {
            draft.verdict(memory.comparing().flatMap(rival -> task.divergence()
                    .filter(d -> d != Divergence.UNKNOWN)
                    .map(d -> new Memory.Verdict(rival, d))));
            draft.comparing(Optional.empty());
        }
        if (task.kind() == TaskKind.REWIND && task.phase() == TaskView.Phase.DONE) {
            draft.verdict(memory.verdict().map(v -> new Memory.Verdict(v.rival(), Divergence.NONE)));
        }
        if (task.kind() == TaskKind.PROMOTE
                || task.kind() == TaskKind.CLONE
                || task.kind() == TaskKind.START_PRIMARY
                || task.kind() == TaskKind.REMOVE_DATA) {
            draft.verdict(Optional.empty());
        }
    }

    private static Duration pauseAfter(TaskKind kind, int times) {
        Duration first = kind == TaskKind.CLONE ? Duration.ofSeconds(5) : Duration.ofSeconds(1);
        Duration pause = first.multipliedBy(1L << Math.min(times - 1, 5));
        Duration most = Duration.ofSeconds(30);
        return pause.compareTo(most) < 0 ? pause : most;
    }
}
