package org.pgregent.launcher.rest;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.pgregent.core.cluster.ClusterLayout;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.FailoverRequest;
import org.pgregent.core.model.PeerAnswers.PeerAnswer;
import org.pgregent.core.port.Clock;
import org.pgregent.core.port.Peers;
import org.pgregent.core.port.Peers.Peer;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Version;
import org.pgregent.dcs.spi.WriteResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The desk over this node's connection to the store. */
public final class StoreDesk implements OperatorDesk {

    private static final Logger LOG = LoggerFactory.getLogger(StoreDesk.class);
    private static final Duration STORE_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration ASK_TIMEOUT = Duration.ofSeconds(2);

    private final Dcs dcs;
    private final ClusterLayout layout;
    private final Peers peers;
    private final Clock clock;
    private final Runnable waker;

    /** @param waker ends the agent's sleep */
    public StoreDesk(Dcs dcs, ClusterLayout layout, Peers peers, Clock clock, Runnable waker) {
        this.dcs = dcs;
        this.layout = layout;
        this.peers = peers;
        this.clock = clock;
        this.waker = waker;
    }

    @Override
    public Optional<ClusterView> read() {
        try {
            long before = clock.monotonicNanos();
            return Optional.of(layout.parse(dcs.readAll(layout.base(), STORE_TIMEOUT), before));
        } catch (DcsException e) {
            LOG.info("the store could not be read: {}", e.getMessage());
            return Optional.empty();
        }
    }

    @Override
    public boolean order(FailoverRequest request) {
        return write(request, Expect.anything()) == Outcome.WRITTEN;
    }

    @Override
    public Outcome cancel(String seenVersion) {
        return write(FailoverRequest.NONE, Expect.at(new Version(seenVersion)));
    }

    private Outcome write(FailoverRequest request, Expect expect) {
        try {
            WriteResult result =
                    dcs.put(layout.failover(), layout.renderFailover(request), expect, Optional.empty(), STORE_TIMEOUT);
            return result.written() ? Outcome.WRITTEN : Outcome.CHANGED_MEANWHILE;
        } catch (DcsException e) {
            LOG.warn("the failover key could not be written: {}", e.getMessage());
            return Outcome.FAILED;
        }
    }

    @Override
    public List<PeerAnswer> ask(List<Peer> members) {
        CompletableFuture<List<PeerAnswer>> answers = new CompletableFuture<>();
        peers.ask(members, ASK_TIMEOUT, answers::complete);
        try {
            return answers.get(ASK_TIMEOUT.multipliedBy(2).toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException nobodyAnswered) {
            LOG.info("the members could not be asked: {}", nobodyAnswered.toString());
        }
        return members.stream()
                .map(member -> PeerAnswer.unreachable(member.name()))
                .toList();
    }

    @Override
    public void wake() {
        waker.run();
    }

    @Override
    public Instant wall() {
        return clock.wall();
    }

    @Override
    public void pause(Duration time) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(time.toMillis());
    }
}
