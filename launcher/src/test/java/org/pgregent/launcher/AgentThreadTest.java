package org.pgregent.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class AgentThreadTest {

    private static final Duration LONG = Duration.ofMinutes(5);

    private final Waker waker = new Waker();
    private final AtomicReference<Optional<Integer>> ended = new AtomicReference<>(Optional.empty());
    private final BlockingQueue<Integer> passes = new ArrayBlockingQueue<>(100);
    private final AtomicInteger count = new AtomicInteger();
    private final List<Throwable> faults = new ArrayList<>();

    private CompletableFuture<Integer> start(Duration pause) {
        AgentThread thread = new AgentThread(
                () -> {
                    passes.add(count.incrementAndGet());
                    return pause;
                },
                ended::get,
                waker,
                faults::add);
        return CompletableFuture.supplyAsync(thread::run);
    }

    @Test
    void aWakeEndsTheSleep() throws InterruptedException, ExecutionException, TimeoutException {
        CompletableFuture<Integer> running = start(LONG);
        assertThat(passes.poll(10, TimeUnit.SECONDS)).isEqualTo(1);

        waker.run();

        assertThat(passes.poll(10, TimeUnit.SECONDS)).isEqualTo(2);
        end(running);
    }

    @Test
    void aWakeDuringThePassIsNotLost() throws InterruptedException, ExecutionException, TimeoutException {
        AgentThread thread = new AgentThread(
                () -> {
                    if (count.incrementAndGet() == 1) {
                        waker.run();
                    } else {
                        ended.set(Optional.of(3));
                    }
                    return LONG;
                },
                ended::get,
                waker,
                faults::add);

        assertThat(CompletableFuture.supplyAsync(thread::run).get(10, TimeUnit.SECONDS))
                .isEqualTo(3);
    }

    @Test
    void sleepsAsLongAsToldWithoutAWake() throws InterruptedException, ExecutionException, TimeoutException {
        CompletableFuture<Integer> running = start(LONG);
        assertThat(passes.poll(10, TimeUnit.SECONDS)).isEqualTo(1);

        assertThat(passes.poll(300, TimeUnit.MILLISECONDS)).isNull();
        end(running);
    }

    @Test
    void whatAPassThrowsGoesToTheFaultHandlerAndEndsTheThread() {
        IllegalStateException broken = new IllegalStateException("broken");
        AgentThread thread = new AgentThread(
                () -> {
                    throw broken;
                },
                ended::get,
                waker,
                faults::add);

        assertThat(thread.run()).isEqualTo(1);
        assertThat(faults).containsExactly(broken);
    }

    private void end(CompletableFuture<Integer> running)
            throws InterruptedException, ExecutionException, TimeoutException {
        ended.set(Optional.of(0));
        waker.run();
        assertThat(running.get(10, TimeUnit.SECONDS)).isZero();
    }
}
