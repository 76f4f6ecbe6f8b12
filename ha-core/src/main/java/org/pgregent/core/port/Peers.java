package org.pgregent.core.port;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.PeerAnswers.PeerAnswer;

/** The other members' REST interface. */
public interface Peers {

    /** Whom to ask, and where. */
    record Peer(NodeName name, String apiUrl) {}

    /**
     * Asks all at once and returns at once; {@code done} gets one answer per peer, on any thread, no later than shortly after
     * the timeout.
     */
    void ask(List<Peer> peers, Duration timeout, Consumer<List<PeerAnswer>> done);
}
