package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.zookeeper.KeeperException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who belongs to the quorum. Only the quorum itself changes that, by one server at a time; the configuration says what the operator
 * wants, under a version, and the newest version counts. See {@code docs/adr/0009-growing-the-quorum.md}.
 */
final class Membership {

    private static final Logger LOG = LoggerFactory.getLogger(Membership.class);

    private static final Duration ASK = Duration.ofSeconds(2);
    private static final Duration CALL = Duration.ofSeconds(10);

    /**
     * What a server is to do.
     *
     * @param view whom it shall believe to be in the quorum when it starts; empty if it must not start
     * @param reason why not; empty if it may
     */
    record Start(Optional<QuorumView> view, String reason) {

        private static Start with(QuorumView view) {
            return new Start(Optional.of(view), "");
        }

        private static Start not(String reason) {
            return new Start(Optional.empty(), reason);
        }
    }

    /** How far a server's place in the quorum has come. */
    enum Place {
        /** It belongs to the quorum, and all that its configuration wants has been done. */
        SETTLED,
        /** Something is still to be done. */
        PENDING,
        /** It does not belong to the quorum any more. */
        REMOVED
    }

    private static final Set<KeeperException.Code> TRANSIENT = Set.of(
            KeeperException.Code.BADVERSION,
            KeeperException.Code.CONNECTIONLOSS,
            KeeperException.Code.NEWCONFIGNOQUORUM,
            KeeperException.Code.NODEEXISTS,
            KeeperException.Code.OPERATIONTIMEOUT,
            KeeperException.Code.RECONFIGINPROGRESS,
            KeeperException.Code.REQUESTTIMEOUT,
            KeeperException.Code.SESSIONEXPIRED,
            KeeperException.Code.SESSIONMOVED);

    private final EmbeddedSettings settings;
    private final Optional<StoreTls> tls;
    private final QuorumFiles files;
    private final WantedServers mine;
    private String complaint = "";

    Membership(EmbeddedSettings settings, Optional<StoreTls> tls) {
        this.settings = settings;
        this.tls = tls;
        this.files = new QuorumFiles(settings.dataDir(), settings.dataDir());
        this.mine = WantedServers.configured(settings);
    }

    /**
     * A server that knows itself to be in the quorum goes on from what it has stored. Any other asks the quorum first; only if there
     * is none, and the list is the very first, it helps to found one.
     *
     * @param doubtful what is stored has not worked
     */
    Start start(boolean doubtful) throws IOException, InterruptedException {
        Optional<QuorumView> stored = files.stored().map(view -> view.withClientPortsOf(settings));
        boolean member = stored.map(view -> view.contains(settings.id())).orElse(false);
        if (member && !doubtful) {
            return Start.with(stored.get());
        }
        if (stored.isEmpty() && files.hasData() && !doubtful) {
            // Made by a version that did not keep lists.
            return Start.with(QuorumView.configured(settings));
        }
        List<HostPort> serving = settings.clientHosts().stream()
                .filter(server -> !server.equals(settings.own().client()))
                .filter(server -> ServerStatus.of(server, tls, ASK) == ServerStatus.SERVING)
                .toList();
        if (!serving.isEmpty()) {
            return asked(serving, stored);
        }
        if (member) {
            return Start.with(stored.get());
        }
        if (stored.isPresent()) {
            return Start.not("it was removed from the quorum, and none of the others serves to say otherwise");
        }
        if (settings.serversVersion() > 1 && !files.hasData()) {
            return Start.not("it has no data, and none of the others serves; since servers_version is "
                    + settings.serversVersion()
                    + " there is a quorum already, and it waits for it (for a new quorum, write 1)");
        }
        return Start.with(QuorumView.configured(settings));
    }

    private Start asked(List<HostPort> serving, Optional<QuorumView> stored) throws InterruptedException {
        try (QuorumClient client = QuorumClient.connect(settings, tls, serving, CALL)) {
            QuorumView running = client.view();
            if (running.contains(settings.id())) {
                boolean older = stored.map(view -> view.contains(settings.id()) && view.version() >= running.version())
                        .orElse(false);
                return Start.with(older ? stored.get() : unagreed(running));
            }
            Optional<WantedServers> wanted = client.wanted();
            if (!mayJoin(wanted.orElse(founders(running)))) {
                return Start.not("the quorum is "
                        + wanted.map(WantedServers::toString)
                                .orElse(running.voters().toString())
                        + ", the configuration says " + mine
                        + ": to add this server, add it alone, with a servers_version one higher than that");
            }
            LOG.info("embedded ZooKeeper server {} joins the quorum {}", settings.id(), running.voters());
            return Start.with(unagreed(running.with(settings.id(), settings.line(settings.id(), "observer"))));
        } catch (IOException | KeeperException e) {
            return Start.not("the quorum cannot be asked who belongs to it: " + e.getMessage());
        }
    }

    /** Until the quorum itself has told this server so, the list is only hearsay. */
    private static QuorumView unagreed(QuorumView view) {
        return new QuorumView(0, view.servers());
    }

    private boolean mayJoin(WantedServers wanted) {
        return mine.ids().contains(settings.id())
                && (mine.isSameAs(wanted) || mine.version() > wanted.version() && mine.differenceTo(wanted) == 1);
    }

    /** What the operator must have wanted at first. */
    private static WantedServers founders(QuorumView running) {
        return new WantedServers(1, new TreeSet<>(running.voters()), -1);
    }

    /** Brings the quorum one step closer to the newest list. To be called while the own server serves. */
    Place reconcile() throws InterruptedException {
        try (QuorumClient client = QuorumClient.connect(settings, tls, settings.clientHosts(), CALL)) {
            QuorumView running = client.view();
            WantedServers wanted = agreeOnList(client, running);
            for (int id : running.voters()) {
                if (!wanted.ids().contains(id)) {
                    LOG.info("removing server {} from the quorum {}, as {} wants", id, running.voters(), wanted);
                    client.change(running, running.without(id));
                    return Place.PENDING;
                }
            }
            if (!wanted.ids().contains(settings.id())) {
                return Place.REMOVED;
            }
            if (!running.voters().contains(settings.id())) {
                LOG.info("adding server {} to the quorum {}, as {} wants", settings.id(), running.voters(), wanted);
                client.change(running, running.with(settings.id(), settings.line(settings.id(), "participant")));
                return Place.PENDING;
            }
            return Place.SETTLED;
        } catch (IOException | KeeperException e) {
            complain(e);
            return Place.PENDING;
        }
    }

    /** Usually another server was faster, or the one that was asked had to go, and the next look tells. What is not usual is said. */
    private void complain(Exception e) {
        boolean usual = e instanceof IOException || e instanceof KeeperException k && TRANSIENT.contains(k.code());
        if (usual || String.valueOf(e.getMessage()).equals(complaint)) {
            LOG.debug("the quorum is asked again", e);
            return;
        }
        complaint = String.valueOf(e.getMessage());
        LOG.error("the quorum does not change its list of servers, and is asked again and again: {}", complaint);
    }

    /** The newest list of those the servers' configurations have brought so far, this one's among them. */
    private WantedServers agreeOnList(QuorumClient client, QuorumView running)
            throws KeeperException, InterruptedException {
        Optional<WantedServers> known = client.wanted();
        WantedServers wanted = known.orElse(founders(running));
        if (mine.version() < wanted.version()) {
            LOG.warn(
                    "the list of servers in the configuration, {}, is older than the quorum's, {}: update it on this node",
                    mine,
                    wanted);
        } else if (mine.version() == wanted.version() && !mine.isSameAs(wanted)) {
            LOG.error(
                    "the list of servers in the configuration, {}, is not the quorum's, {}: raise servers_version with each change",
                    mine,
                    wanted);
        } else if (mine.version() > wanted.version() && mine.differenceTo(wanted) > 1) {
            LOG.error(
                    "the list of servers in the configuration, {}, is further from the quorum's, {}, than by one server: change one at a time",
                    mine,
                    wanted);
        } else if (mine.version() > wanted.version() || known.isEmpty()) {
            client.replaceWanted(known, mine);
            return mine;
        }
        return wanted;
    }
}
