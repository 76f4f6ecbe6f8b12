package org.pgregent.core.rules;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.pgregent.core.decide.Action;
import org.pgregent.core.decide.Action.HistoryUpdate;
import org.pgregent.core.decide.Action.StatusUpdate;
import org.pgregent.core.decide.Decision;
import org.pgregent.core.decide.Memory;
import org.pgregent.core.decide.Situation;
import org.pgregent.core.model.HistoryEntry;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.PostgresView.HistoryLine;
import org.pgregent.core.model.StatusView;
import org.pgregent.core.model.Versioned;

/** Keeping what is held. */
final class Leasing {

    private Leasing() {}

    /** Replaced in one write, so that the key names this node without a gap and no rival can slip in between. */
    static Optional<Decision> formerSelf(Situation s) {
        if (!s.myFormerSelfLeads() || !s.leaseHasTime() || s.node().shutdownRequested()) {
            return Optional.empty();
        }
        return s.then(
                new Action.TakeOverLeadership(s.cluster().leader().orElseThrow().version()),
                "the leader key names me on the lease of a former process: moving it to mine");
    }

    static Optional<Decision> renewalDue(Situation s) {
        if (!s.iLead() || endedLeading(s)) {
            return Optional.empty();
        }
        boolean due = s.memory()
                .lastKept()
                .map(kept -> s.now().isAtOrAfter(kept + s.settings().loopWait().toNanos()))
                .orElse(true);
        Optional<HistoryUpdate> history = history(s);
        boolean arm = (!s.paused() || s.guardedInPause()) && s.node().guard().alive();
        if (!due && history.isEmpty() && !(arm && !s.guardCovers())) {
            return Optional.empty();
        }
        Memory kept = s.memory().change().lastKept(s.now().monotonicNanos()).done();
        Action keep = new Action.KeepLeadership(arm, status(s), history);
        // Then looks again at once. The sleep ends when the next renewal is due, so whoever slept here would do nothing
        // else.
        return s.then(keep, sentence(s), kept);
    }

    /** Stopped for good: keeping the key would only delay the others. */
    private static boolean endedLeading(Situation s) {
        return s.node().shutdownRequested() && s.postgres().isStopped() && !s.busy();
    }

    private static String sentence(Situation s) {
        if (s.busy()) {
            return "updated leader lock during "
                    + s.node().runningTask().orElseThrow().kind().words();
        }
        return s.postgres().isPrimary()
                ? "no action. I am (%s), the leader with the lock".formatted(s.me())
                : "updated leader lock while PostgreSQL is not yet primary";
    }

    private static Optional<StatusUpdate> status(Situation s) {
        if (!s.postgres().isPrimary()) {
            return Optional.empty();
        }
        Optional<Lsn> optime = s.postgres().wal().written();
        Map<String, Lsn> slots = new LinkedHashMap<>();
        SortedSet<String> retain = new TreeSet<>(s.memory().slotsSeen().keySet());
        if (s.settings().useSlots() && !s.settings().memberSlotsTtl().isZero()) {
            s.postgres().slots().stream()
                    .filter(slot -> slot.physical() && retain.contains(slot.name()))
                    .forEach(slot -> slot.restartLsn().ifPresent(lsn -> slots.put(slot.name(), lsn)));
            optime.ifPresent(lsn -> slots.put(s.me().slotName(), lsn));
        } else {
            retain.clear();
        }
        StatusUpdate update = new StatusUpdate(
                optime, slots, List.copyOf(retain), s.cluster().status().map(Versioned::version));
        return alreadyThere(s, update) ? Optional.empty() : Optional.of(update);
    }

    private static boolean alreadyThere(Situation s, StatusUpdate update) {
        Optional<StatusView> now = s.cluster().status().map(Versioned::value);
        return now.isPresent()
                && now.get().optime().equals(update.optime())
                && now.get().slots().equals(update.slots())
                && now.get().retainSlots().equals(update.retainSlots());
    }

    /** By number and place: a late write of a former leader may have left a line of the same number. */
    private static boolean endsWith(List<HistoryEntry> onRecord, List<HistoryLine> lines) {
        if (onRecord.isEmpty()) {
            return false;
        }
        HistoryEntry recorded = onRecord.get(onRecord.size() - 1);
        HistoryLine last = lines.get(lines.size() - 1);
        return recorded.timeline().equals(last.timeline())
                && recorded.switchPoint().equals(last.switchPoint());
    }

    /**
     * Written as soon as there is a new line: a primary that dies before its timeline is on record leaves the next one to
     * promote to the same number, with other contents.
     *
     * <p>The lines PostgreSQL has, with the times and leaders that were on record; the new line gets this
     * leader's name.
     */
    private static Optional<HistoryUpdate> history(Situation s) {
        PostgresView pg = s.postgres();
        if (!pg.isPrimary() || pg.wal().timeline().isEmpty()) {
            return Optional.empty();
        }
        List<HistoryEntry> onRecord =
                s.cluster().history().map(Versioned::value).orElse(List.of());
        long timeline = pg.wal().timeline().get().number();
        if (timeline == 1 || pg.history().isEmpty() || endsWith(onRecord, pg.history())) {
            return Optional.empty();
        }
        List<HistoryEntry> entries = new ArrayList<>();
        for (HistoryLine line : pg.history()) {
            Optional<HistoryEntry> known = onRecord.stream()
                    .filter(e -> e.timeline().equals(line.timeline())
                            && e.switchPoint().equals(line.switchPoint()))
                    .findFirst();
            boolean last = line.equals(pg.history().get(pg.history().size() - 1));
            entries.add(known.orElseGet(() -> new HistoryEntry(
                    line.timeline(),
                    line.switchPoint(),
                    line.reason(),
                    last ? Optional.of(PythonTime.iso(s.now().wall())) : Optional.empty(),
                    last ? Optional.of(s.me().value()) : Optional.empty())));
        }
        int most = s.settings().maxTimelinesHistory();
        if (most > 0 && entries.size() > most) {
            entries = entries.subList(entries.size() - most, entries.size());
        }
        return Optional.of(new HistoryUpdate(entries, s.cluster().history().map(Versioned::version)));
    }
}
