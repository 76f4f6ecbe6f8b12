package org.pgregent.dcs.etcd;

import io.etcd.jetcd.cluster.MemberListResponse;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pgregent.dcs.spi.DcsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is looked at in the background, for which no call has to wait: further members of the cluster, the servers' version. */
final class Surroundings {

    private static final Logger LOG = LoggerFactory.getLogger(Surroundings.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Pattern VERSION = Pattern.compile("\"etcdserver\":\\s*\"((\\d+)\\.(\\d+)\\.(\\d+)[^\"]*)\"");

    /** Said once in the life of a process, not once for each connection. */
    private static final Set<String> TOLD = ConcurrentHashMap.newKeySet();

    private final EtcdSettings settings;
    private final Endpoints endpoints;
    private final Calls calls;
    private final HttpPages pages;
    private final Executor background;
    private final AtomicBoolean looked = new AtomicBoolean();

    Surroundings(EtcdSettings settings, Endpoints endpoints, Calls calls, HttpPages pages, Executor background) {
        this.settings = settings;
        this.endpoints = endpoints;
        this.calls = calls;
        this.pages = pages;
        this.background = background;
    }

    /** As soon as the store is known to answer. */
    void lookOnce() {
        if (!looked.getAndSet(true)) {
            inBackground(this::askVersion);
            inBackground(this::askMembers);
        }
    }

    void lookAgain() {
        endpoints.refresh();
        inBackground(this::askMembers);
    }

    private void inBackground(Runnable step) {
        try {
            background.execute(step);
        } catch (RejectedExecutionException closed) {
            LOG.debug("closed meanwhile");
        }
    }

    private void askMembers() {
        if (!settings.asksForMembers()) {
            return;
        }
        try {
            MemberListResponse list = calls.call(
                    Calls.Kind.READ, "list etcd's members", Deadline.in(PATIENCE), client -> client.getClusterClient()
                            .listMember());
            List<Endpoint> members = new ArrayList<>();
            list.getMembers().forEach(member -> member.getClientURIs()
                    .forEach(uri -> endpoint(uri).ifPresent(members::add)));
            endpoints.announced(members);
        } catch (DcsException | Calls.LeaseGoneException e) {
            LOG.debug("etcd's members are not known; going on with the servers of the configuration", e);
            // After the next answer it is tried again.
            looked.set(false);
        }
    }

    private static Optional<Endpoint> endpoint(URI uri) {
        try {
            return Optional.of(Endpoint.of(uri));
        } catch (IllegalArgumentException e) {
            LOG.debug("a member serves clients at {}, which is no use", uri, e);
            return Optional.empty();
        }
    }

    private void askVersion() {
        try {
            for (Endpoint server : endpoints.all(Deadline.in(PATIENCE))) {
                Optional<HttpPages.Page> page = pages.get(server, "/version", PATIENCE);
                Matcher version = VERSION.matcher(page.map(HttpPages.Page::text).orElse(""));
                if (version.find()) {
                    tell(
                            version.group(1),
                            Integer.parseInt(version.group(2)),
                            Integer.parseInt(version.group(3)),
                            Integer.parseInt(version.group(4)));
                    return;
                }
            }
        } catch (DcsException e) {
            LOG.debug("etcd's version is not known", e);
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private void tell(String version, int major, int minor, int patch) {
        if (!TOLD.add(version)) {
            return;
        }
        LOG.info("{} is etcd {}", settings.section(), version);
        if (mayEndLeasesWrongly(major, minor, patch)) {
            LOG.warn(
                    "etcd {} has a fault (etcd #15247): a server with the lead whose disk or CPU stalls for longer than a ttl"
                            + " may end leases that were renewed with its successor; upgrade to 3.4.31, 3.5.13, 3.6.0 or"
                            + " later",
                    version);
        }
    }

    static boolean mayEndLeasesWrongly(int major, int minor, int patch) {
        return major == 3 && (minor < 4 || (minor == 4 && patch < 31) || (minor == 5 && patch < 13));
    }
}
