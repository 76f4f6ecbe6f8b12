package org.pgregent.core.agent;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.pgregent.core.model.PeerAnswers;
import org.pgregent.core.model.PeerAnswers.PeerAnswer;
import org.pgregent.core.port.Clock;
import org.pgregent.core.port.Peers;

/** Asks the members beside the loop and keeps what they answered. */
final class PeerKeeper {

    /** Half of what an answer may be old, so that the slowest leaves time to decide on all. */
    static final Duration ASK_TIMEOUT = PeerAnswers.MAX_AGE.dividedBy(2);

    private final Peers peers;
    private final Clock clock;
    private final Runnable waker;
    private PeerAnswers answers = PeerAnswers.NONE;
    private long round;

    PeerKeeper(Peers peers, Clock clock, Runnable waker) {
        this.peers = peers;
        this.clock = clock;
        this.waker = waker;
    }

    synchronized PeerAnswers view() {
        boolean given = answers.askedNanos()
                .map(t -> clock.monotonicNanos() - t
                        > PeerAnswers.MAX_AGE.multipliedBy(2).toNanos())
                .orElse(false);
        return answers.pending() && given ? new PeerAnswers(answers.askedNanos(), false, List.of()) : answers;
    }

    void ask(List<Peers.Peer> whom) {
        long mine;
        synchronized (this) {
            mine = ++round;
            answers = new PeerAnswers(Optional.of(clock.monotonicNanos()), true, List.of());
        }
        peers.ask(whom, ASK_TIMEOUT, got -> answered(mine, got));
    }

    private void answered(long asked, List<PeerAnswer> got) {
        synchronized (this) {
            if (asked != round) {
                return;
            }
            answers = new PeerAnswers(answers.askedNanos(), false, got);
        }
        waker.run();
    }
}
