package org.pgregent.core.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongFunction;

/** Many seeds, a few at a time. Each simulation uses one core at most, since only one of its threads ever runs. */
final class Runs {

    private final int jobs;
    private final LongFunction<Simulation.Result> simulation;

    Runs(int jobs, LongFunction<Simulation.Result> simulation) {
        this.jobs = Math.max(1, jobs);
        this.simulation = simulation;
    }

    /** One run of {@link #untilFirstFailure}. */
    private final class Sweep {
        private final long end;
        private final Consumer<Simulation.Result> each;
        private final TreeMap<Long, Simulation.Result> waiting = new TreeMap<>();
        private long next;
        private long reported;
        private Optional<Simulation.Result> failed = Optional.empty();
        private Optional<Throwable> broken = Optional.empty();

        Sweep(long first, long count, Consumer<Simulation.Result> each) {
            this.next = first;
            this.reported = first;
            this.end = first + count;
            this.each = each;
        }

        synchronized Optional<Long> take() {
            return failed.isPresent() || broken.isPresent() || next >= end ? Optional.empty() : Optional.of(next++);
        }

        synchronized void give(Simulation.Result result) {
            waiting.put(result.seed(), result);
            while (failed.isEmpty() && waiting.containsKey(reported)) {
                Simulation.Result first = waiting.remove(reported++);
                each.accept(first);
                failed = first.passed() ? Optional.empty() : Optional.of(first);
            }
        }

        synchronized void breaks(Throwable reason) {
            broken = Optional.of(reason);
        }

        void work() {
            try {
                for (Optional<Long> seed = take(); seed.isPresent(); seed = take()) {
                    give(simulation.apply(seed.get()));
                }
            } catch (Throwable reason) {
                breaks(reason);
            }
        }
    }

    /** The first seed in order that fails, whichever ended first; {@code each} sees the results in the seeds' order. */
    Optional<Simulation.Result> untilFirstFailure(long first, long count, Consumer<Simulation.Result> each) {
        Sweep sweep = new Sweep(first, count, each);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < jobs; i++) {
            Thread thread = new Thread(sweep::work, "simulation-" + i);
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while simulating", interrupted);
            }
        }
        sweep.broken.ifPresent(reason -> {
            throw new IllegalStateException(reason);
        });
        return sweep.failed;
    }
}
