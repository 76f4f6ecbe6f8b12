package org.pgregent.core.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;

/**
 * The one queue of all that will happen, ordered by time and then by number.
 *
 * <p>There is one baton. Whoever has it is the only thread that runs; when it must wait, it takes events from the queue
 * itself until its own turn comes, or passes the baton to the thread whose turn it is. So a wait costs a thread switch only
 * when really another thread is next.
 */
final class Scheduler {

    /** A pass of an agent computes for milliseconds; a minute without moving is a deadlock. */
    private static final long STUCK_NANOS = 60_000_000_000L;

    private record Event(long at, long number, Runnable action, SimThread thread, long ticket)
            implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(at, other.at);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }

    private final PriorityQueue<Event> queue = new PriorityQueue<>();
    private final List<SimThread> threads = new ArrayList<>();
    private final SimThread main = new SimThread(this, null, "main", () -> {});
    private Runnable afterEach = () -> {};
    private SimThread current = main;
    private Throwable failure;
    private boolean closing;
    private long now;
    private long number;
    private long events;

    Scheduler() {
        main.adopt(Thread.currentThread());
    }

    long now() {
        return now;
    }

    long events() {
        return events;
    }

    /** What is checked after every event. */
    void afterEach(Runnable check) {
        afterEach = check;
    }

    /** The simulated thread that runs; none inside an event without a thread. */
    SimThread current() {
        if (current == null) {
            throw new IllegalStateException("a blocking port was called from a hint or callback");
        }
        return current;
    }

    boolean inThread() {
        return current != null;
    }

    void at(long nanos, Runnable action) {
        queue.add(new Event(Math.max(nanos, now), ++number, action, null, 0));
    }

    void after(long nanos, Runnable action) {
        at(now + nanos, action);
    }

    void resume(SimThread thread, long nanos) {
        queue.add(new Event(Math.max(nanos, now), ++number, null, thread, thread.ticket()));
    }

    void begin(SimThread thread) {
        threads.add(thread);
        resume(thread, now);
    }

    /** Lets the world go on until then, or until something fails. Called by the thread that made this scheduler. */
    void runUntil(long nanos) {
        main.sleepUntil(nanos);
        rethrow();
    }

    void fail(Throwable reason) {
        if (failure == null) {
            failure = reason;
        }
    }

    private void rethrow() {
        if (failure instanceof Violation violation) {
            throw violation;
        }
        if (failure != null) {
            throw new IllegalStateException("the simulation broke at " + now / 1e9 + "s: " + failure, failure);
        }
    }

    /** Takes events until the turn of {@code self} comes; with none, until another thread has the baton. */
    void drive(SimThread self) {
        while (true) {
            check();
            if (failure != null) {
                current = main;
                if (self != main) {
                    pass(main, self);
                }
                return;
            }
            Event next = queue.poll();
            if (next == null) {
                fail(new IllegalStateException("nothing will ever happen again"));
                continue;
            }
            now = Math.max(now, next.at);
            events++;
            if (next.thread == null) {
                current = null;
                run(next.action);
            } else if (isDue(next)) {
                current = next.thread;
                if (next.thread != self) {
                    pass(next.thread, self);
                }
                return;
            }
        }
    }

    private boolean isDue(Event event) {
        SimThread thread = event.thread;
        if (thread.isFinished() || event.ticket != thread.ticket()) {
            return false;
        }
        if (thread.isKilled()) {
            if (!thread.hasBegun()) {
                thread.endUnbegun();
                threads.remove(thread);
                return false;
            }
            return true;
        }
        SimProcess process = thread.process();
        if (process != null && process.isFrozen()) {
            again(thread, event.ticket, process.frozenUntil());
            process.whenThawedEarly(() -> again(thread, event.ticket, now));
            return false;
        }
        return true;
    }

    /** Whichever comes first counts, the other finds that the thread has gone on. */
    private void again(SimThread thread, long ticket, long nanos) {
        queue.add(new Event(Math.max(nanos, now), ++number, null, thread, ticket));
    }

    private void run(Runnable action) {
        try {
            action.run();
        } catch (Throwable thrown) {
            fail(thrown);
        }
    }

    private void check() {
        if (failure == null && !closing) {
            run(afterEach);
        }
    }

    private void pass(SimThread to, SimThread from) {
        to.giveBaton();
        if (from != null) {
            from.awaitBaton(from == main ? STUCK_NANOS : 0);
        }
    }

    /** The thread is at its end and still has the baton. */
    void leave(SimThread thread) {
        threads.remove(thread);
        if (closing) {
            main.giveBaton();
        } else {
            drive(null);
        }
    }

    String stuckThread() {
        return current == null ? "an event" : current.where();
    }

    /** Ends all threads, so that the next simulation can use them. */
    void close() {
        closing = true;
        for (SimThread thread : List.copyOf(threads)) {
            if (!thread.isFinished()) {
                thread.kill();
                if (thread.hasBegun()) {
                    current = thread;
                    pass(thread, main);
                }
            }
        }
        current = main;
        threads.clear();
        queue.clear();
    }
}
