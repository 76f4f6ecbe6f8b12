package org.pgregent.core.rules;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.pgregent.core.decide.Action;
import org.pgregent.core.decide.Decision;
import org.pgregent.core.decide.Memory;
import org.pgregent.core.decide.Situation;
import org.pgregent.core.model.MemberView;
import org.pgregent.core.model.PostgresView.DataDir;
import org.pgregent.core.model.TaskKind;
import org.pgregent.core.model.Upstream;

/** From nothing to a member of the cluster. */
final class Bootstrap {

    private Bootstrap() {}

    private static boolean claimIsMine(Situation s) {
        return s.node().claim().isPresent()
                && s.cluster()
                        .initialize()
                        .map(i -> i.value().isEmpty() && s.node().claim().get().equals(i.version()))
                        .orElse(false);
    }

    /** initdb failed: the folder is kept under another name for whoever wants to know why, and the others get their chance. */
    static Optional<Decision> undo(Situation s) {
        if (s.memory().ending().isPresent()) {
            return s.then(
                    new Action.End(1, s.memory().ending().get()),
                    s.memory().ending().get());
        }
        if (s.busy()
                || s.memory().failure(TaskKind.INITDB).isEmpty()
                || s.node().claim().isEmpty()) {
            return Optional.empty();
        }
        String why = "Failed to bootstrap cluster" + s.lastFailure(TaskKind.INITDB);
        boolean somethingThere = s.postgres().dataDir() != DataDir.EMPTY;
        if (somethingThere && s.memory().failure(TaskKind.SET_ASIDE).isEmpty()) {
            return s.start(new Action.SetAside(), why + "; setting the data folder aside");
        }
        if (claimIsMine(s)) {
            return s.then(
                    new Action.WithdrawInitialize(s.node().claim().get()),
                    why + "; withdrawing the claim",
                    s.memory().change().ending(why).done());
        }
        return s.cluster().reachable() ? s.then(new Action.End(1, why), why) : s.waitBecause(why);
    }

    static Optional<Decision> unusableDataDir(Situation s) {
        DataDir dir = s.postgres().dataDir();
        if (dir != DataDir.INVALID && dir != DataDir.INACCESSIBLE) {
            return Optional.empty();
        }
        String what = s.postgres().trouble().map(t -> ": " + t).orElse("");
        if (s.iLead()) {
            String why = "data dir not accessible and currently leader";
            return stillWriting(s, why)
                    .or(() -> s.then(
                            new Action.ReleaseLeadership(Optional.empty()),
                            "released leader key voluntarily as " + why));
        }
        return s.waitBecause(
                dir == DataDir.INACCESSIBLE
                        ? "data directory is not accessible" + what
                        : "data dir for the cluster is not empty, but system ID is invalid; consider doing reinitialize"
                                + what);
    }

    /** PostgreSQL goes on in a folder that was moved, or may not be read any more: it is stopped before another may lead. */
    private static Optional<Decision> stillWriting(Situation s, String why) {
        return s.paused() || !s.node().mayBeWritable()
                ? Optional.empty()
                : s.start(new Action.StopPostgres(true), "demoting self: " + why + s.lastFailure(TaskKind.STOP));
    }

    /** Its author is gone, or it would say what it is doing. The write is tied to the claim as seen, so a live one is not hit twice. */
    static Optional<Decision> idleClaim(Situation s) {
        Optional<Memory.IdleClaim> idle = s.memory().idleClaim();
        if (idle.isEmpty() || !s.nobodyLeads() || s.paused()) {
            return Optional.empty();
        }
        Duration age = s.now().since(idle.get().sinceNanos());
        return age.compareTo(s.settings().ttl()) <= 0
                ? Optional.empty()
                : s.then(
                        new Action.WithdrawInitialize(idle.get().version()),
                        "nobody has worked on the claim to initialise for %d s: withdrawing it"
                                .formatted(age.toSeconds()));
    }

    static Optional<Decision> emptyDataDir(Situation s) {
        if (!s.mayFillDataDir()) {
            return Optional.empty();
        }
        if (s.paused()) {
            return s.waitBecause("running with empty data directory");
        }
        if (!s.cluster().reachable()) {
            return s.waitBecause("DCS is not accessible", Duration.ofSeconds(1));
        }
        if (s.iLead()) {
            String why = "data dir empty and currently leader";
            return stillWriting(s, why)
                    .or(() -> s.then(
                            new Action.ReleaseLeadership(Optional.empty()),
                            "released leader key voluntarily as " + why));
        }
        if (claimIsMine(s)) {
            return s.start(new Action.InitDb(), "trying to bootstrap a new cluster");
        }
        return s.anotherLeads() ? cloneFromSomebody(s) : makeTheCluster(s);
    }

    private static Optional<Decision> makeTheCluster(Situation s) {
        String waiting = "waiting for leader to bootstrap";
        if (s.cluster().initialize().isPresent()) {
            return s.waitBecause(waiting, Duration.ofSeconds(1));
        }
        if (!s.node().mayBootstrap()) {
            return s.waitBecause(waiting + "; this node has no bootstrap section and never makes a cluster");
        }
        if (s.node().tags().noFailover()) {
            return s.waitBecause(waiting + "; this node has the tag nofailover");
        }
        if (!s.settings().unsupported().isEmpty()) {
            return s.waitBecause(
                    "not bootstrapping: " + String.join(", ", s.settings().unsupported())
                            + " in bootstrap.dcs cannot be honoured by this version");
        }
        if (s.memory().knownSystem().isPresent()) {
            return s.waitBecause(
                    "the store no longer knows cluster %s: waiting for a member with its data. Not making another one; start this agent again if that is wanted"
                            .formatted(s.memory().knownSystem().get()));
        }
        Optional<MemberView> withData = s.cluster().members().stream()
                .filter(m -> !m.name().equals(s.me()) && m.hasData())
                .findFirst();
        if (withData.isPresent()) {
            return s.waitBecause("waiting: %s has data of a cluster that the store does not know"
                    .formatted(withData.get().name()));
        }
        return s.then(new Action.ClaimInitialize(""), "racing for the initialize key");
    }

    private static Optional<Decision> cloneFromSomebody(Situation s) {
        String leader = s.cluster().leader().orElseThrow().name().value();
        if (!s.leaderIsUp()) {
            return s.waitBecause(
                    "waiting for leader %s to be up before cloning".formatted(leader), Duration.ofSeconds(1));
        }
        if (s.backingOff(TaskKind.CLONE)) {
            return s.waitBecause(
                    "waiting before the next try to clone" + s.lastFailure(TaskKind.CLONE), Duration.ofSeconds(1));
        }
        List<MemberView> sources = s.cluster().members().stream()
                .filter(m -> m.tags().cloneFrom()
                        && m.isRunning()
                        && m.asUpstream().isPresent()
                        && !m.name().equals(s.me())
                        && !m.name().value().equals(leader))
                .toList();
        if (!sources.isEmpty()) {
            int pick = (int) Long.remainderUnsigned(s.now().seed(), sources.size());
            Upstream source = sources.get(pick).asUpstream().orElseThrow();
            return s.start(new Action.Clone(source), "trying to bootstrap from replica '%s'".formatted(source.name()));
        }
        return s.leaderMember()
                .flatMap(MemberView::asUpstream)
                .map(source -> s.start(
                        new Action.Clone(source), "trying to bootstrap from leader '%s'".formatted(source.name())))
                .orElseGet(() -> s.waitBecause("leader %s does not say where to connect to".formatted(leader)));
    }

    static Optional<Decision> afterInitDb(Situation s) {
        if (s.node().claim().isEmpty()
                || s.memory().everLed()
                || !s.hasData()
                || s.paused()
                || !s.cluster().reachable()) {
            return Optional.empty();
        }
        if (claimIsMine(s)) {
            return s.postgres()
                    .systemId()
                    .flatMap(id -> s.then(
                            new Action.RecordInitialize(id, s.node().claim()),
                            "initdb is done: recording the system identifier"));
        }
        // Where somebody has led since, the key is for the race to give, not for the founder to take.
        boolean unled = s.cluster().status().isEmpty();
        boolean recorded = s.cluster().systemId().isPresent() && !s.systemIdMismatch();
        if (unled
                && recorded
                && s.nobodyLeads()
                && s.leaseHasTime()
                && s.node().guard().alive()) {
            return s.then(new Action.AcquireLeadership(), "initialized a new cluster: taking the lead");
        }
        return Optional.empty();
    }

    /** The store lost its data, PostgreSQL has kept its own: nothing is initialised, the data is registered again. */
    static Optional<Decision> registerAgain(Situation s) {
        if (!s.hasData()
                || s.paused()
                || !s.nobodyLeads()
                || s.cluster().initialize().isPresent()
                || s.postgres().systemId().isEmpty()) {
            return Optional.empty();
        }
        String id = s.postgres().systemId().get().value();
        Duration leaderless =
                s.now().since(s.memory().leaderlessSince().orElse(s.now().monotonicNanos()));
        // A running primary goes first: it has what the others may lack. They wait for it as long as a lease lasts.
        if (s.postgres().isPrimary() || leaderless.compareTo(s.settings().ttl()) > 0) {
            // The members have to register too before one of them can be the most advanced: the race waits once more.
            return s.then(
                    new Action.ClaimInitialize(id),
                    "the store has no initialize key: registering system ID " + id,
                    s.memory()
                            .change()
                            .leaderlessSince(Optional.of(s.now().monotonicNanos()))
                            .done());
        }
        return s.postgres().isStopped()
                ? Optional.empty()
                : s.waitBecause("No initialize key in DCS; waiting for the primary to register", Duration.ofSeconds(1));
    }
}
