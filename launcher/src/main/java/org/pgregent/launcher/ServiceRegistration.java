package org.pgregent.launcher;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.pgregent.core.agent.LocalNode;
import org.pgregent.core.agent.StatusBoard;
import org.pgregent.core.cluster.MemberFields;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.Service;
import org.pgregent.dcs.spi.ServiceRegistry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this node on the store's list of services, as the contract words it (5.7). Told after each pass, it only notes what is to be
 * listed; a thread of its own tells the store, at most one call at a time and always the newest.
 */
final class ServiceRegistration implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ServiceRegistration.class);
    private static final Duration CALL = Duration.ofSeconds(3);
    private static final int NAME_MAX = 230;
    private static final Map<String, List<String>> TAGS = Map.of(
            "primary", List.of("primary", "master"),
            "replica", List.of("replica"),
            "standby_leader", List.of("standby-leader"));

    /** Empty: not to be listed. */
    private record Wish(Optional<Service> service) {}

    private final LocalNode local;
    private final Optional<ServiceRegistry> registry;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        Thread made = new Thread(task, "service-registration");
        made.setDaemon(true);
        return made;
    });
    private final AtomicReference<Optional<Wish>> wanted = new AtomicReference<>(Optional.empty());
    private final String name;
    private volatile Optional<Wish> done = Optional.empty();
    private volatile String complained = "";
    private String unknownRole = "";

    /** @param registry empty: then there is nothing to do */
    ServiceRegistration(LocalNode local, Optional<ServiceRegistry> registry) {
        this.local = local;
        this.registry = registry;
        this.name = serviceName(local.scope());
        if (registry.isPresent() && !name.equals(local.scope())) {
            LOG.warn("Using {} as consul service name instead of scope name {}", name, local.scope());
        }
    }

    /** As host names allow it. */
    static String serviceName(String scope) {
        StringBuilder name = new StringBuilder();
        scope.toLowerCase(Locale.ROOT).codePoints().forEach(c -> {
            if (c == '.' || c == '_' || c == ' ') {
                name.append('-');
            } else if (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
                name.append((char) c);
            } else {
                name.append(String.format(Locale.ROOT, "u%04d", c));
            }
        });
        return name.substring(0, Math.min(name.length(), NAME_MAX));
    }

    /** After each pass, on the agent's thread: no call, no wait. */
    void onPass(StatusBoard.Pass pass) {
        if (registry.isPresent()) {
            note(
                    MemberFields.state(pass.node()),
                    MemberFields.role(pass.node().postgres()),
                    pass.settings().ttl());
        }
    }

    /** @param state and {@code role} in the contract's words */
    void note(String state, String role, Duration ttl) {
        wish(state, role, ttl).ifPresent(this::want);
    }

    /** Empty: leave it as it is. */
    private Optional<Wish> wish(String state, String role, Duration ttl) {
        if (state.equals("stopped")) {
            return Optional.of(new Wish(Optional.empty()));
        }
        if (!TAGS.containsKey(role)) {
            if (!role.equals(unknownRole)) {
                LOG.warn("Could not register service: unknown role type {}", role);
                unknownRole = role;
            }
            return Optional.empty();
        }
        unknownRole = "";
        return state.equals("running") ? Optional.of(new Wish(Optional.of(service(role, ttl)))) : Optional.empty();
    }

    private Service service(String role, Duration ttl) {
        URI conn = URI.create(local.connUrl());
        return new Service(
                id(),
                name,
                conn.getHost(),
                conn.getPort(),
                TAGS.get(role),
                URI.create(local.apiUrl()).resolve("/" + role.replace('_', '-')),
                ttl.multipliedBy(5));
    }

    private String id() {
        return local.scope() + "/" + local.name();
    }

    private void want(Wish wish) {
        Optional<Wish> now = Optional.of(wish);
        boolean nothingToDo = now.equals(done) && wanted.get().isEmpty();
        if (!nothingToDo && wanted.getAndSet(now).isEmpty() && !thread.isShutdown()) {
            thread.execute(this::fulfil);
        }
    }

    private void fulfil() {
        // Taken before the call, so that what is wanted meanwhile is put in the queue behind it.
        wanted.getAndSet(Optional.empty())
                .filter(wish -> !Optional.of(wish).equals(done))
                .ifPresent(wish -> {
                    try {
                        tell(wish);
                        done = Optional.of(wish);
                        complained = "";
                    } catch (DcsException e) {
                        // The next pass wants it again.
                        done = Optional.empty();
                        if (!complained.equals(String.valueOf(e.getMessage()))) {
                            LOG.warn("the list of services was not changed: {}", e.getMessage());
                        }
                        complained = String.valueOf(e.getMessage());
                    }
                });
    }

    private void tell(Wish wish) throws DcsException {
        ServiceRegistry list = registry.orElseThrow();
        if (wish.service().isPresent()) {
            LOG.info("Register service {}, params {}", name, wish.service().get());
            list.register(wish.service().get(), CALL);
        } else {
            LOG.info("Deregister service {}", id());
            list.deregister(id(), CALL);
        }
    }

    /** What was wanted last is still told to the store, within two calls' time. Idempotent. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(2 * CALL.toMillis(), TimeUnit.MILLISECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException e) {
            thread.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
