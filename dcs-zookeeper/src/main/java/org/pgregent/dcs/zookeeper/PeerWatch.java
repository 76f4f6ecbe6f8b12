package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the embedded server running. A server whose port is taken, whose disk was full or whose threads died often does not end
 * but lies there as a zombie; so it is judged by what it does: whether it answers on its port, and whether it serves while
 * enough others do. A zombie is ended and started anew, at first after a second, then ever more rarely. Once it serves, its place
 * in the quorum is brought in line with the configuration ({@link Membership}).
 */
final class PeerWatch {

    private static final Logger LOG = LoggerFactory.getLogger(PeerWatch.class);

    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
    private static final Duration ASK = Duration.ofSeconds(2);
    private static final Duration SILENT_MAX = Duration.ofSeconds(10);
    private static final Duration START_MAX = Duration.ofSeconds(30);
    private static final Duration IDLE_MAX = Duration.ofSeconds(20);
    private static final Duration RECONCILE_EVERY = Duration.ofSeconds(2);
    private static final Duration PAUSE_FIRST = Duration.ofSeconds(1);
    private static final Duration PAUSE_MAX = Duration.ofSeconds(30);

    private final EmbeddedSettings settings;
    private final Optional<StoreTls> tls;
    private final Membership membership;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "zookeeper-peer-watch");
    private EmbeddedPeer peer;
    private Duration pause = PAUSE_FIRST;
    private Membership.Place place = Membership.Place.PENDING;
    private boolean doubtful;
    private String refusal = "";
    private boolean serving;
    private boolean answered;
    private long reconciledNanos;
    private long servedNanos;
    private long answeredNanos;

    private PeerWatch(EmbeddedSettings settings) {
        this.settings = settings;
        this.tls = settings.tlsFiles("peer-tls");
        this.membership = new Membership(settings, tls);
        thread.setDaemon(true);
    }

    /** Does not wait for the server: it may take long to find the others. */
    static PeerWatch start(EmbeddedSettings settings) {
        PeerWatch watch = new PeerWatch(settings);
        watch.thread.start();
        return watch;
    }

    private void run() {
        try {
            do {
                lookOnce();
            } while (!closing.await(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS));
            if (peer != null) {
                peer.close();
            }
        } catch (InterruptedException e) {
            LOG.debug("nobody but the end of the process interrupts this thread", e);
        }
    }

    /** Whatever goes wrong in one look must not be the last look. */
    private void lookOnce() throws InterruptedException {
        try {
            look();
        } catch (RuntimeException e) {
            LOG.error("embedded ZooKeeper server {}: looking after it failed; trying again", settings.id(), e);
        }
    }

    private void look() throws InterruptedException {
        if (place == Membership.Place.REMOVED) {
            return;
        }
        if (peer == null) {
            begin();
            return;
        }
        refreshTls();
        Optional<String> wrong = whatIsWrong();
        if (wrong.isEmpty()) {
            reconcile();
            return;
        }
        doubtful = true;
        LOG.warn("embedded ZooKeeper server {}: {}; starting it anew", settings.id(), wrong.get());
        peer.close();
        peer = null;
        if (!closing.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
            longerPause();
            begin();
        }
    }

    private void begin() throws InterruptedException {
        try {
            EmbeddedPeer.prepareFolders(settings);
            Membership.Start start = membership.start(doubtful);
            if (start.view().isEmpty()) {
                stayOut(start.reason());
                return;
            }
            peer = EmbeddedPeer.start(settings, start.view().get(), tls);
            place = Membership.Place.PENDING;
            answered = false;
            servedNanos = System.nanoTime();
            answeredNanos = servedNanos;
            LOG.info(
                    "embedded ZooKeeper server {} of {} started, clients at {}",
                    settings.id(),
                    start.view().get().servers().keySet(),
                    settings.own().client());
        } catch (IOException | RuntimeException e) {
            LOG.error(
                    "embedded ZooKeeper server {} cannot start; trying again in {} s",
                    settings.id(),
                    pause.toSeconds(),
                    e);
            closing.await(pause.toMillis(), TimeUnit.MILLISECONDS);
            longerPause();
        }
    }

    private void stayOut(String reason) throws InterruptedException {
        if (!reason.equals(refusal)) {
            LOG.warn("embedded ZooKeeper server {} does not start: {}", settings.id(), reason);
        }
        refusal = reason;
        closing.await(PAUSE_FIRST.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void refreshTls() {
        if (tls.isPresent()) {
            try {
                tls.get().refresh();
            } catch (IOException e) {
                LOG.warn("the certificate of the embedded ZooKeeper server was not read again", e);
            }
        }
    }

    /** Only what serves can be asked. */
    private void reconcile() throws InterruptedException {
        long now = System.nanoTime();
        if (place == Membership.Place.SETTLED
                && !peer.voters().isEmpty()
                && !peer.voters().contains(settings.id())) {
            place = Membership.Place.PENDING;
        }
        if (place != Membership.Place.PENDING || !serving || now - reconciledNanos < RECONCILE_EVERY.toNanos()) {
            return;
        }
        place = membership.reconcile();
        reconciledNanos = System.nanoTime();
        if (place == Membership.Place.REMOVED) {
            LOG.warn(
                    "embedded ZooKeeper server {} was removed from the quorum and ends; its data in {} is not needed any more",
                    settings.id(),
                    settings.dataDir());
            peer.close();
            peer = null;
        } else if (place == Membership.Place.SETTLED) {
            LOG.info("embedded ZooKeeper server {} is one of the quorum {}", settings.id(), peer.voters());
        }
    }

    private void longerPause() {
        Duration twice = pause.multipliedBy(2);
        pause = twice.compareTo(PAUSE_MAX) > 0 ? PAUSE_MAX : twice;
    }

    private Optional<String> whatIsWrong() {
        Optional<String> death = peer.death();
        if (death.isPresent()) {
            return death;
        }
        long now = System.nanoTime();
        ServerStatus status = ServerStatus.of(settings.own().client(), tls, ASK);
        serving = status == ServerStatus.SERVING;
        answered |= status != ServerStatus.SILENT;
        switch (status) {
            case SERVING -> {
                servedNanos = now;
                answeredNanos = now;
                pause = PAUSE_FIRST;
                doubtful = false;
            }
            case WAITING -> answeredNanos = now;
            case SILENT -> {
                if (now - answeredNanos > (answered ? SILENT_MAX : START_MAX).toNanos()) {
                    return Optional.of("it does not answer on its port "
                            + settings.own().client().port());
                }
            }
        }
        // Without a quorum it waits for the others, and a new start would only disturb the election.
        if (now - servedNanos > IDLE_MAX.toNanos() && othersServe()) {
            return Optional.of("it has not served for " + IDLE_MAX.toSeconds() + " s though others do");
        }
        return Optional.empty();
    }

    private boolean othersServe() {
        long serving = settings.servers().entrySet().stream()
                .filter(entry -> entry.getKey() != settings.id())
                .filter(entry -> ServerStatus.of(entry.getValue().client(), tls, ASK) == ServerStatus.SERVING)
                .count();
        return serving > settings.servers().size() / 2;
    }

    /** Ends the server with its watch. */
    void close() {
        closing.countDown();
        try {
            thread.join(Duration.ofSeconds(20).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
