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
 * enough others do. A zombie is ended and started anew, at first after a second, then ever more rarely.
 */
final class PeerWatch {

    private static final Logger LOG = LoggerFactory.getLogger(PeerWatch.class);

    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
    private static final Duration ASK = Duration.ofSeconds(1);
    private static final Duration SILENT_MAX = Duration.ofSeconds(10);
    private static final Duration IDLE_MAX = Duration.ofSeconds(20);
    private static final Duration PAUSE_FIRST = Duration.ofSeconds(1);
    private static final Duration PAUSE_MAX = Duration.ofSeconds(30);

    private final EmbeddedSettings settings;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "zookeeper-peer-watch");
    private EmbeddedPeer peer;
    private Duration pause = PAUSE_FIRST;
    private long servedNanos;
    private long answeredNanos;

    private PeerWatch(EmbeddedSettings settings) {
        this.settings = settings;
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
                look();
            } while (!closing.await(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS));
            if (peer != null) {
                peer.close();
            }
        } catch (InterruptedException e) {
            LOG.debug("nobody but the end of the process interrupts this thread", e);
        }
    }

    private void look() throws InterruptedException {
        if (peer == null) {
            begin();
            return;
        }
        Optional<String> wrong = whatIsWrong();
        if (wrong.isEmpty()) {
            return;
        }
        LOG.warn("embedded ZooKeeper server {}: {}; starting it anew", settings.id(), wrong.get());
        peer.close();
        peer = null;
        if (!closing.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
            longerPause();
            begin();
        }
    }

    private void begin() throws InterruptedException {
        servedNanos = System.nanoTime();
        answeredNanos = servedNanos;
        try {
            peer = EmbeddedPeer.start(settings);
            LOG.info(
                    "embedded ZooKeeper server {} of {} started, clients at {}",
                    settings.id(),
                    settings.servers().keySet(),
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
        switch (ServerStatus.of(settings.own().client(), ASK)) {
            case SERVING -> {
                servedNanos = now;
                answeredNanos = now;
                pause = PAUSE_FIRST;
            }
            case WAITING -> answeredNanos = now;
            case SILENT -> {
                if (now - answeredNanos > SILENT_MAX.toNanos()) {
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
                .filter(entry -> ServerStatus.of(entry.getValue().client(), ASK) == ServerStatus.SERVING)
                .count();
        return serving > settings.servers().size() / 2;
    }

    /** Ends the server with its watch. */
    void close() {
        closing.countDown();
        try {
            thread.join(Duration.ofSeconds(10).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
