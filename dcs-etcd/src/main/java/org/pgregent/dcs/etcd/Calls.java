package org.pgregent.dcs.etcd;

import io.etcd.jetcd.Client;
import io.grpc.Status;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsUnavailableException;

/**
 * Sends a request and says what its failure means. A request that certainly never left is tried on the next server, each once,
 * while there is time; one that the server rejects for its token is sent again with a new one. Nothing else is sent twice.
 */
final class Calls {

    /** What may be concluded when no answer comes. */
    enum Kind {
        READ,
        WRITE
    }

    private static final Duration PROBE = Duration.ofSeconds(2);

    private final EtcdSettings settings;
    private final Endpoints endpoints;
    private final Connections connections;
    private final HttpPages pages;
    private final Failures failures;
    /** These have answered a request of the v3 API: nobody has to find out what they are. */
    private final Set<Endpoint> known = ConcurrentHashMap.newKeySet();

    Calls(EtcdSettings settings, Endpoints endpoints, Connections connections, HttpPages pages) {
        this.settings = settings;
        this.endpoints = endpoints;
        this.connections = connections;
        this.pages = pages;
        this.failures = new Failures(settings);
    }

    /** An answer of the server that is for the caller to judge, not a failure of the store. */
    static final class LeaseGoneException extends Exception {
        private static final long serialVersionUID = 1L;

        LeaseGoneException(AttemptFailedException cause) {
            super("the lease is gone", cause);
        }
    }

    /**
     * @param what for messages, such as "read /service/main"
     * @param request may run more than once, each time with another client
     */
    <T> T call(Kind kind, String what, Deadline deadline, Function<Client, CompletableFuture<T>> request)
            throws DcsException, LeaseGoneException {
        return new OneCall<>(kind, what, deadline, request).run();
    }

    /** The state of one call while it goes from server to server. */
    private final class OneCall<T> {

        private final Kind kind;
        private final String what;
        private final Deadline deadline;
        private final Function<Client, CompletableFuture<T>> request;
        private final Set<Endpoint> tried = new HashSet<>();
        private final List<String> reasons = new ArrayList<>();
        private final List<DcsRefusedException> refusals = new ArrayList<>();
        private boolean tokenRenewed;
        private boolean loginChanged;

        OneCall(Kind kind, String what, Deadline deadline, Function<Client, CompletableFuture<T>> request) {
            this.kind = kind;
            this.what = what;
            this.deadline = deadline;
            this.request = request;
        }

        T run() throws DcsException, LeaseGoneException {
            while (true) {
                Connection connection = connections.acquire(deadline);
                try {
                    int left = Math.max(1, endpoints.all(deadline).size() - tried.size());
                    T answer = new Attempt(deadline).run(connection.client(), request, deadline.leftNanos() / left);
                    connection.answered();
                    known.add(connection.server());
                    return answer;
                } catch (AttemptFailedException failure) {
                    judge(failure, connection);
                } finally {
                    connection.release();
                }
            }
        }

        /** Returns if the request is to be sent once more. */
        private void judge(AttemptFailedException failure, Connection connection)
                throws DcsException, LeaseGoneException {
            if (Failures.isLeaseGone(failure)) {
                connection.answered();
                throw new LeaseGoneException(failure);
            }
            if (Failures.isTokenInvalid(failure) && !tokenRenewed) {
                tokenRenewed = true;
                connections.renew(connection);
                return;
            }
            if (Failures.isAuthOff(failure) && !loginChanged) {
                loginChanged = true;
                connections.useLogin(connection, false);
                return;
            }
            Optional<DcsException> answer = failures.answer(failure, what);
            if (answer.isPresent()) {
                connection.answered();
                if (settings.login().isPresent() && !connections.usesLogin() && !loginChanged) {
                    loginChanged = true;
                    connections.useLogin(connection, true);
                    return;
                }
                throw answer.get();
            }
            nextServer(failure, connection);
        }

        private void nextServer(AttemptFailedException failure, Connection connection) throws DcsException {
            Endpoint server = connection.server();
            leave(failure, connection);
            tried.add(server);
            reasons.add(server.authority() + ": " + Failures.reason(failure));
            if (failure.sent()) {
                throw unanswered(failure);
            }
            Optional<DcsRefusedException> refusal = refusal(failure, connection);
            refusal.ifPresent(refusals::add);
            if (!tried.containsAll(endpoints.all(deadline)) && !deadline.isOver()) {
                return;
            }
            if (refusals.size() == tried.size()) {
                throw refusals.get(0);
            }
            throw new DcsUnavailableException(
                    "no server of etcd could be reached to " + what + " within "
                            + deadline.timeout().toMillis() + " ms; check " + settings.section() + "."
                            + settings.hostsKey() + ". " + reasons,
                    failure);
        }

        private void leave(AttemptFailedException failure, Connection connection) throws DcsException {
            // With no other server to go to, a slow answer is no reason to give up a connection that stands.
            boolean slow = failure.sent() && failure.status().getCode() == Status.Code.DEADLINE_EXCEEDED;
            if (connection.notAnswered() > 1 || !slow || endpoints.all(deadline).size() > 1) {
                connections.failed(connection);
            }
        }

        private DcsException unanswered(AttemptFailedException failure) {
            String message =
                    "etcd did not " + what + " within " + deadline.timeout().toMillis() + " ms. " + reasons;
            return kind == Kind.WRITE
                    ? new DcsIndeterminateException(message, failure)
                    : new DcsUnavailableException(message, failure);
        }

        private boolean answersOk(Endpoint server, String path) throws InterruptedException {
            return pages.get(server, path, probeTime())
                    .filter(page -> page.status() == 200)
                    .isPresent();
        }

        private Duration probeTime() {
            return Duration.ofNanos(Math.max(1, Math.min(PROBE.toNanos(), deadline.leftNanos())));
        }

        private Optional<DcsRefusedException> refusal(AttemptFailedException failure, Connection connection)
                throws DcsException {
            Optional<DcsRefusedException> tls = failures.tls(failure, connection.server());
            if (tls.isPresent()
                    || known.contains(connection.server())
                    || failure.status().getCode() == Status.Code.DEADLINE_EXCEEDED
                    || Failures.find(failure, ConnectException.class) != null
                    || deadline.isOver()) {
                return tls;
            }
            return notTheApi(connection.server());
        }

        /** Somebody listens there, but not for gRPC: an etcd that is too old, or TLS on one side only. */
        private Optional<DcsRefusedException> notTheApi(Endpoint server) throws DcsException {
            String section = settings.section();
            String where = section + "." + settings.hostsKey() + ": the server " + server.authority();
            try {
                if (answersOk(server, "/v2/machines")) {
                    return Optional.of(new DcsRefusedException(where
                            + " serves only etcd's v2 API; upgrade etcd to 3.4 or later (the cluster's keys are written anew"
                            + " there), or name servers that are"));
                }
                if (server.tls() && answersOk(new Endpoint(server.host(), server.port(), false), "/version")) {
                    return Optional.of(new DcsRefusedException(
                            where + " does not speak TLS; set " + section + ".protocol to http"));
                }
                if (!server.tls() && pages.speaksTls(server, probeTime())) {
                    return Optional.of(
                            new DcsRefusedException(where + " speaks TLS; set " + section + ".protocol to https"));
                }
                return Optional.empty();
            } catch (InterruptedException e) {
                throw Deadline.interrupted(e);
            }
        }
    }
}
