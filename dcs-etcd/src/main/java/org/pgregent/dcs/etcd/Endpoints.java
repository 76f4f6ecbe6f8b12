package org.pgregent.dcs.etcd;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import javax.naming.NamingException;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which servers there are: those of the configuration or of DNS first, then what these say about further ones. */
final class Endpoints {

    private static final Logger LOG = LoggerFactory.getLogger(Endpoints.class);
    private static final Duration PEER_PATIENCE = Duration.ofSeconds(2);

    private final EtcdSettings settings;
    private final SrvLookup dns;
    private final HttpPages pages;
    private final Executor background;
    private volatile List<Endpoint> configured;
    private volatile List<Endpoint> members = List.of();
    private volatile CompletableFuture<List<Endpoint>> looking = CompletableFuture.completedFuture(List.of());

    Endpoints(EtcdSettings settings, SrvLookup dns, HttpPages pages, Executor background) {
        this.settings = settings;
        this.dns = dns;
        this.pages = pages;
        this.background = background;
        this.configured = settings.hosts();
    }

    /** Never empty. Waits for DNS only as long as it has never answered. */
    List<Endpoint> all(Deadline deadline) throws DcsException {
        if (configured.isEmpty()) {
            awaitLookup(deadline);
        }
        return Stream.concat(configured.stream(), members.stream()).distinct().toList();
    }

    /** What the servers say where they serve clients. Such a one is only worth trying if it speaks as ours do. */
    void announced(List<Endpoint> announced) {
        boolean tls = configured.get(0).tls();
        List<Endpoint> usable = announced.stream()
                .filter(member -> member.tls() == tls)
                .distinct()
                .toList();
        if (!usable.equals(members)) {
            LOG.debug("etcd's members serve clients at {}", usable);
            members = usable;
        }
    }

    /** Asks DNS again, in the background; an answer without servers changes nothing. */
    void refresh() {
        if (settings.srv().isPresent()) {
            lookUp(settings.srv().get());
        }
    }

    private synchronized CompletableFuture<List<Endpoint>> lookUp(EtcdSettings.Srv srv) {
        if (looking.isDone()) {
            looking = CompletableFuture.supplyAsync(() -> resolved(srv), background);
        }
        return looking;
    }

    private List<Endpoint> resolved(EtcdSettings.Srv srv) {
        try {
            Optional<SrvLookup.Found> found = dns.find(srv);
            if (found.isEmpty()) {
                return List.of();
            }
            List<Endpoint> endpoints = found.get().endpoints();
            if (found.get().arePeers()) {
                endpoints = clientsOf(endpoints);
            }
            if (!endpoints.isEmpty()) {
                configured = List.copyOf(endpoints);
                LOG.debug("DNS names {} at {}", endpoints, found.get().name());
            }
            return endpoints;
        } catch (NamingException e) {
            throw new IllegalStateException("DNS does not answer: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    private List<Endpoint> clientsOf(List<Endpoint> peers) throws InterruptedException {
        List<Endpoint> clients = new ArrayList<>();
        for (Endpoint peer : peers) {
            clients.addAll(pages.membersKnownTo(peer, PEER_PATIENCE));
            if (!clients.isEmpty()) {
                break;
            }
        }
        return clients;
    }

    private void awaitLookup(Deadline deadline) throws DcsException {
        EtcdSettings.Srv srv = settings.srv().orElseThrow();
        String where = settings.section() + "." + settings.hostsKey() + " is '" + srv.domain() + "'";
        String remedy = "; add SRV records for _etcd-client._tcp." + srv.domain()
                + " (or _etcd-client-ssl), or name the servers by " + settings.section() + ".hosts";
        try {
            if (lookUp(srv)
                    .get(Math.max(0, deadline.leftNanos()), TimeUnit.NANOSECONDS)
                    .isEmpty()) {
                throw new DcsUnavailableException(where + ", where DNS names no server of etcd" + remedy);
            }
        } catch (TimeoutException e) {
            throw new DcsUnavailableException(
                    where + ", and DNS has not answered within "
                            + deadline.timeout().toMillis() + " ms",
                    e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new DcsUnavailableException(where + ": " + cause.getMessage() + remedy, cause);
        } catch (InterruptedException e) {
            throw Deadline.interrupted(e);
        }
    }
}
