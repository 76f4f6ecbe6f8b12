package org.pgregent.launcher;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.pgregent.core.cluster.ClusterLayout;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.MemberView;
import org.pgregent.core.model.NodeName;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waits for the store at the start, and finds out whether another agent lives under this node's name. */
final class DuplicateName {

    private static final Logger LOG = LoggerFactory.getLogger(DuplicateName.class);
    private static final Duration READ = Duration.ofSeconds(3);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration ANSWER = Duration.ofSeconds(3);

    private final Dcs dcs;
    private final ClusterLayout layout;
    private final NodeName name;
    private final Waker waker;
    private final LeftRunning meanwhile;

    /**
     * @param waker ends the wait between two tries, such as on a signal
     * @param meanwhile is asked to look after each try that failed
     */
    DuplicateName(Dcs dcs, ClusterLayout layout, NodeName name, Waker waker, LeftRunning meanwhile) {
        this.dcs = dcs;
        this.layout = layout;
        this.name = name;
        this.waker = waker;
        this.meanwhile = meanwhile;
    }

    /**
     * Returns once the store was read, or {@code cancelled} says so.
     *
     * @throws ConfigException if the name is taken, or the store refuses us for good
     */
    void check(BooleanSupplier cancelled) throws ConfigException, InterruptedException {
        String said = "";
        while (!cancelled.getAsBoolean()) {
            try {
                Optional<MemberView> namesake = read().member(name);
                if (namesake.flatMap(MemberView::apiUrl)
                        .map(DuplicateName::answers)
                        .orElse(false)) {
                    throw new ConfigException("Can't start; there is already a node named '" + name + "' running at "
                            + namesake.flatMap(MemberView::apiUrl).orElse("?") + ": give this one another name");
                }
                return;
            } catch (DcsRefusedException e) {
                throw new ConfigException(e.getMessage());
            } catch (DcsException e) {
                if (!e.getMessage().equals(said)) {
                    LOG.warn("Can not get cluster from dcs: {}", e.getMessage());
                }
                said = e.getMessage();
                meanwhile.look();
                waker.await(RETRY);
            }
        }
    }

    private ClusterView read() throws DcsException {
        return layout.parse(dcs.readAll(layout.base(), READ), System.nanoTime());
    }

    private static boolean answers(String apiUrl) {
        try {
            URI uri = URI.create(apiUrl).resolve("/liveness");
            HttpClient client = HttpClient.newBuilder().connectTimeout(ANSWER).build();
            client.sendAsync(HttpRequest.newBuilder(uri).timeout(ANSWER).build(), BodyHandlers.discarding())
                    .get(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (IllegalArgumentException | ExecutionException | TimeoutException nobodyThere) {
            LOG.debug("nobody answers under this node's name at {}: {}", apiUrl, nobodyThere.toString());
            return false;
        }
    }
}
