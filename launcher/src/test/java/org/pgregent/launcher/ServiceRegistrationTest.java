package org.pgregent.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgregent.core.agent.LocalNode;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.Tags;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Service;
import org.pgregent.dcs.spi.ServiceRegistry;

@Timeout(60)
class ServiceRegistrationTest {

    private static final Duration TTL = Duration.ofSeconds(30);

    /** Keeps what it is told, may fail, and may keep its caller waiting. */
    private static final class Registry implements ServiceRegistry {
        private final LinkedBlockingQueue<Object> told = new LinkedBlockingQueue<>();
        private final AtomicInteger failures = new AtomicInteger();
        private volatile CountDownLatch gate = new CountDownLatch(0);

        @Override
        public void register(Service service, Duration timeout) throws DcsException {
            tell(service);
        }

        @Override
        public void deregister(String id, Duration timeout) throws DcsException {
            tell(id);
        }

        private void tell(Object what) throws DcsException {
            told.add(what);
            try {
                gate.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (failures.getAndDecrement() > 0) {
                throw new DcsUnavailableException("the store is away");
            }
        }

        Object next() throws InterruptedException {
            Object next = told.poll(30, TimeUnit.SECONDS);
            assertThat(next).as("told in time").isNotNull();
            return next;
        }
    }

    private final Registry registry = new Registry();
    private final ServiceRegistration registration = registration("batman");

    private ServiceRegistration registration(String scope) {
        LocalNode local = new LocalNode(
                scope,
                new NodeName("n1"),
                "/service/" + scope,
                "postgres://10.0.0.1:5432/postgres",
                "https://10.0.0.1:8008/patroni",
                new Tags(Map.of()),
                Optional.empty(),
                Optional.empty(),
                TTL);
        return new ServiceRegistration(local, Optional.of(registry));
    }

    @AfterEach
    void close() {
        registration.close();
    }

    private static Service expected(String check, String... tags) {
        return new Service(
                "batman/n1",
                "batman",
                "10.0.0.1",
                5432,
                List.of(tags),
                URI.create("https://10.0.0.1:8008/" + check),
                Duration.ofSeconds(150));
    }

    /** Until what was told last is also known to have succeeded, so that the same again is no news. */
    private void settle(String state, String role) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(100);
        registration.note(state, role, TTL);
        TimeUnit.MILLISECONDS.sleep(100);
    }

    @Test
    void listsARunningNodeByItsRole() throws Exception {
        registration.note("running", "replica", TTL);
        assertThat(registry.next()).isEqualTo(expected("replica", "replica"));
        settle("running", "replica");
        assertThat(registry.told).isEmpty();
        registration.note("running", "primary", TTL);
        assertThat(registry.next()).isEqualTo(expected("primary", "primary", "master"));
        settle("running", "primary");
        registration.note("running", "standby_leader", TTL);
        assertThat(registry.next()).isEqualTo(expected("standby-leader", "standby-leader"));
    }

    @Test
    void takesAStoppedNodeOffTheList() throws Exception {
        registration.note("running", "replica", TTL);
        registry.next();
        settle("running", "replica");
        registration.note("stopped", "replica", TTL);
        assertThat(registry.next()).isEqualTo("batman/n1");
    }

    @Test
    void leavesTheListAloneInBetween() throws Exception {
        for (String state : List.of("starting", "stopping", "crashed", "creating replica")) {
            registration.note(state, "replica", TTL);
        }
        registration.note("running", "demoted", TTL);
        registration.note("running", "uninitialized", TTL);
        registration.close();
        assertThat(registry.told).isEmpty();
    }

    @Test
    void anotherTtlIsAnotherService() throws Exception {
        registration.note("running", "replica", TTL);
        registry.next();
        settle("running", "replica");
        registration.note("running", "replica", Duration.ofSeconds(20));
        assertThat(((Service) registry.next()).forgottenAfter()).isEqualTo(Duration.ofSeconds(100));
    }

    @Test
    void triesAgainAtTheNextPass() throws Exception {
        registry.failures.set(1);
        registration.note("running", "replica", TTL);
        registry.next();
        settle("running", "replica");
        assertThat(registry.next()).isEqualTo(expected("replica", "replica"));
    }

    @Test
    void neverKeepsTheLoopWaitingAndTellsTheNewestOnly() throws Exception {
        registry.gate = new CountDownLatch(1);
        registration.note("running", "replica", TTL);
        registry.next();
        long start = System.nanoTime();
        for (int i = 0; i < 100; i++) {
            registration.note("running", i % 2 == 0 ? "replica" : "primary", TTL);
        }
        registration.note("stopped", "replica", TTL);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
        registry.gate.countDown();
        assertThat(registry.next()).isEqualTo("batman/n1");
        registration.close();
        assertThat(registry.told).isEmpty();
    }

    @Test
    void tellsTheLastWishBeforeItCloses() {
        registration.note("stopped", "replica", TTL);
        registration.close();
        registration.close();
        assertThat(registry.told).containsExactly("batman/n1");
    }

    @Test
    void namesServicesAsTheContractSays() {
        assertThat(ServiceRegistration.serviceName("batman")).isEqualTo("batman");
        assertThat(ServiceRegistration.serviceName("My.Test_cluster 1")).isEqualTo("my-test-cluster-1");
        assertThat(ServiceRegistration.serviceName("a!b")).isEqualTo("au0033b");
        assertThat(ServiceRegistration.serviceName("ü")).isEqualTo("u0252");
        assertThat(ServiceRegistration.serviceName("x".repeat(300))).hasSize(230);
    }

    @Test
    void withoutAListThereIsNothingToDo() {
        try (ServiceRegistration none = new ServiceRegistration(
                new LocalNode(
                        "b",
                        new NodeName("n1"),
                        "/service/b",
                        "postgres://h:1/p",
                        "http://h:2/patroni",
                        new Tags(Map.of()),
                        Optional.empty(),
                        Optional.empty(),
                        TTL),
                Optional.empty())) {
            none.onPass(null);
        }
        assertThat(registry.told).isEmpty();
    }
}
