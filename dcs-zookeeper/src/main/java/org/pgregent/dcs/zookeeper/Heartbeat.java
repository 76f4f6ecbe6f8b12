package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.KeeperException.Code;
import org.pgregent.dcs.spi.DcsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The light reads that keep a session touched (see {@link Touches}); with them the watch over a server that does not answer any
 * more, and over a holder that does not renew any more.
 */
final class Heartbeat {

    private static final Logger LOG = LoggerFactory.getLogger(Heartbeat.class);

    private final Session session;
    private final Duration interval;
    private final Duration answerLimit;
    private final Touches touches;
    private final ScheduledExecutorService thread;
    private volatile boolean leased;
    private volatile long wantedNanos;
    private volatile boolean unanswered;
    private volatile long unansweredSinceNanos;

    Heartbeat(Session session, ZooKeeperSettings settings) {
        this.session = session;
        this.interval = Touches.interval(settings.tick());
        this.answerLimit = settings.answerLimit(session.ttl());
        this.touches = new Touches(settings.tick());
        this.thread = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread daemon = new Thread(task, "zookeeper-touch");
            daemon.setDaemon(true);
            return daemon;
        });
    }

    void start() {
        thread.scheduleWithFixedDelay(this::beat, interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
    }

    void stop() {
        thread.shutdown();
    }

    /** The holder is alive and still wants the session. Once it is a lease, it has to hear so at least once per ttl. */
    void wanted() {
        wantedNanos = System.nanoTime();
        leased = true;
    }

    void connectionChanged() {
        touches.breakOff();
        unanswered = false;
    }

    /** Waits until a write would prove what {@link Touches} says; false at the deadline or without a connection. */
    boolean awaitProvable(Deadline deadline) throws DcsException {
        while (!deadline.isOver() && session.isConnected()) {
            long left = touches.untilProofNanos(System.nanoTime());
            if (left <= 0) {
                return true;
            }
            deadline.sleep(Math.min(left, interval.toNanos()));
        }
        return false;
    }

    private void beat() {
        long now = System.nanoTime();
        if (leased && now - wantedNanos > session.ttl().toNanos()) {
            LOG.warn("session {} was not renewed for {}: it is left to run out", session.name(), session.ttl());
            session.putDown();
        } else if (session.isConnected()) {
            if (unanswered && now - unansweredSinceNanos > answerLimit.toNanos()) {
                leaveServer();
            } else {
                touch(now);
            }
        } else {
            session.whileUnconnected();
        }
    }

    private void leaveServer() {
        LOG.warn("no answer from the ZooKeeper server for {}: looking for another", answerLimit);
        unanswered = false;
        try {
            session.breakConnection();
        } catch (IOException e) {
            LOG.warn("the connection could not be broken", e);
        }
    }

    private void touch(long now) {
        if (!unanswered) {
            unansweredSinceNanos = now;
            unanswered = true;
        }
        long connection = session.connectedSinceNanos();
        session.send((client, answer) ->
                        client.checkExists().inBackground(answer).forPath("/"))
                .thenAccept(event -> {
                    boolean answered = event.getResultCode() == Code.OK.intValue()
                            || event.getResultCode() == Code.NOAUTH.intValue();
                    if (answered && session.isConnected() && connection == session.connectedSinceNanos()) {
                        touches.answered(now, System.nanoTime());
                        unanswered = false;
                    }
                });
    }
}
