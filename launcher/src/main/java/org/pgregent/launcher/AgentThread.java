package org.pgregent.launcher;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the loop: one pass, then a sleep until the time it named or a wake, until the agent has ended. */
final class AgentThread {

    private static final Logger LOG = LoggerFactory.getLogger(AgentThread.class);

    private final Supplier<Duration> step;
    private final Supplier<Optional<Integer>> ended;
    private final Waker waker;
    private final Consumer<Throwable> fault;

    /**
     * @param step one pass; returns how long to sleep
     * @param ended the exit code, once there is one
     * @param fault called with what a pass must never throw; this thread ends then with exit code 1
     */
    AgentThread(Supplier<Duration> step, Supplier<Optional<Integer>> ended, Waker waker, Consumer<Throwable> fault) {
        this.step = step;
        this.ended = ended;
        this.waker = waker;
        this.fault = fault;
    }

    /** Returns the exit code. An interrupt ends it with 1. */
    int run() {
        try {
            while (ended.get().isEmpty()) {
                Duration pause = step.get();
                if (ended.get().isEmpty()) {
                    waker.await(pause);
                }
            }
            return ended.get().get();
        } catch (InterruptedException e) {
            LOG.error("the agent's thread was interrupted");
            Thread.currentThread().interrupt();
            return 1;
        } catch (RuntimeException | Error broken) {
            fault.accept(broken);
            return 1;
        }
    }
}
