package org.pgregent.core.rules;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.pgregent.core.decide.Action;
import org.pgregent.core.decide.Decision;
import org.pgregent.core.decide.Situation;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.MemberView;
import org.pgregent.core.model.PostgresView.Slot;
import org.pgregent.core.model.SlotPlan;
import org.pgregent.core.model.Versioned;

/** All is well; what is left to tidy. */
final class Maintenance {

    private Maintenance() {}

    static Optional<Decision> configuration(Situation s) {
        boolean applied = s.postgres()
                .configuration()
                .map(c -> c.equals(s.settings().postgres().fingerprint()))
                .orElse(false);
        return applied || s.postgres().role().isEmpty() || s.cluster().config().isEmpty()
                ? Optional.empty()
                : s.thenSleep(
                        new Action.ApplyConfiguration(), "the dynamic configuration changed: applying it", s.memory());
    }

    static Optional<Decision> slots(Situation s) {
        if (!s.settings().useSlots()
                || s.postgres().role().isEmpty()
                || s.cluster().config().isEmpty()
                || s.node().tags().noStream()) {
            return Optional.empty();
        }
        SlotPlan plan = plan(s);
        return plan.isEmpty() ? Optional.empty() : s.thenSleep(new Action.SyncSlots(plan), sentence(s), s.memory());
    }

    private static SlotPlan plan(Situation s) {
        SortedSet<String> wanted = wanted(s);
        Map<String, Slot> present = s.postgres().slots().stream()
                .filter(slot -> !slot.temporary())
                .collect(Collectors.toMap(Slot::name, slot -> slot));
        List<String> create = new ArrayList<>();
        List<String> drop = new ArrayList<>();
        TreeMap<String, Lsn> advance = new TreeMap<>();
        Map<String, Lsn> published =
                s.cluster().status().map(Versioned::value).map(v -> v.slots()).orElse(Map.of());
        for (String name : wanted) {
            Slot slot = present.get(name);
            if (slot == null) {
                create.add(name);
            } else if (!slot.active()
                    && slot.physical()
                    && (slot.lost() || slot.restartLsn().isEmpty() || slot.hasXmin())) {
                drop.add(name);
            } else if (!slot.active() && s.postgres().isReplica()) {
                Lsn target = published.get(name);
                boolean reachable = target != null
                        && s.postgres()
                                .wal()
                                .replayed()
                                .map(r -> !target.isAfter(r))
                                .orElse(false);
                if (reachable && target.isAfter(slot.restartLsn().orElse(Lsn.ZERO))) {
                    advance.put(name, target);
                }
            }
        }
        if (!s.paused()) {
            present.values().stream()
                    .filter(slot -> slot.physical() && !slot.active() && !wanted.contains(slot.name()))
                    .filter(slot -> !s.settings().ignoresSlot(slot.name()))
                    .forEach(slot -> drop.add(slot.name()));
        }
        return new SlotPlan(create, drop, advance);
    }

    /** Every promotable node keeps a slot for every other member, present or gone for less than member_slots_ttl. */
    private static SortedSet<String> wanted(Situation s) {
        SortedSet<String> wanted = new TreeSet<>();
        boolean retain = !s.settings().memberSlotsTtl().isZero();
        boolean mine = s.iLead() || s.postgres().isPrimary();
        for (MemberView member : s.cluster().members()) {
            boolean fromMe =
                    member.tags().replicateFrom().map(s.me().value()::equals).orElse(mine);
            boolean keep = retain && !s.node().tags().noFailover() || fromMe;
            if (keep && !member.tags().noStream()) {
                wanted.add(member.name().slotName());
            }
        }
        if (retain && !s.node().tags().noFailover()) {
            s.cluster()
                    .status()
                    .ifPresent(status -> wanted.addAll(status.value().retainSlots()));
        }
        wanted.remove(s.me().slotName());
        return wanted;
    }

    static Optional<Decision> nothing(Situation s) {
        return s.waitBecause(sentence(s));
    }

    private static String sentence(Situation s) {
        String me = s.me().value();
        if (s.iLead()) {
            return "no action. I am (%s), the leader with the lock".formatted(me);
        }
        if (s.postgres().isPrimary()) {
            return s.paused() ? "continue to run as primary without lock" : "running as primary without the lock";
        }
        if (s.postgres().isReplica() && s.anotherLeads()) {
            return "no action. I am (%s), a secondary, and following a leader (%s)"
                    .formatted(me, s.cluster().leader().orElseThrow().name());
        }
        return "no action. I am (%s)".formatted(me);
    }
}
