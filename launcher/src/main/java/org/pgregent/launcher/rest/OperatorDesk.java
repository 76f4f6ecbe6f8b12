package org.pgregent.launcher.rest;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.FailoverRequest;
import org.pgregent.core.model.PeerAnswers.PeerAnswer;
import org.pgregent.core.port.Peers.Peer;

/** What a person's request needs of the world. Calls block for a few seconds at most, and are made from any thread. */
interface OperatorDesk {

    /** How a write ended that was tied to what had been seen. */
    enum Outcome {
        WRITTEN,
        CHANGED_MEANWHILE,
        FAILED
    }

    /** The cluster as the store has it now; empty if the store does not answer. */
    Optional<ClusterView> read();

    /** Puts the request in the failover key, whatever is there. False if that failed, or may have. */
    boolean order(FailoverRequest request);

    /** Empties the failover key, if it is as it was seen. */
    Outcome cancel(String seenVersion);

    /** What each of them says of itself, one answer for each. */
    List<PeerAnswer> ask(List<Peer> members);

    /** Makes the agent look now. */
    void wake();

    Instant wall();

    void pause(Duration time) throws InterruptedException;
}
