package org.pgregent.core.sim;

import java.util.ArrayList;
import java.util.List;

/** One life of an agent: the threads that freeze and end together. */
final class SimProcess {

    private final Scheduler scheduler;
    private final String name;
    private final List<SimThread> threads = new ArrayList<>();
    private final List<Runnable> heldUp = new ArrayList<>();
    private boolean alive = true;
    private long frozenUntil;

    SimProcess(Scheduler scheduler, String name) {
        this.scheduler = scheduler;
        this.name = name;
    }

    String name() {
        return name;
    }

    boolean isAlive() {
        return alive;
    }

    boolean isFrozen() {
        return alive && frozenUntil - scheduler.now() > 0;
    }

    long frozenUntil() {
        return frozenUntil;
    }

    void freezeUntil(long nanos) {
        if (!isFrozen()) {
            heldUp.clear();
        }
        frozenUntil = Math.max(frozenUntil, nanos);
    }

    /** Goes on now, and does not only look as if it did. */
    void thaw() {
        boolean early = isFrozen();
        frozenUntil = scheduler.now();
        if (early) {
            heldUp.forEach(Runnable::run);
        }
        heldUp.clear();
    }

    /** What was to happen here, and waits for the end of the freeze. */
    void whenThawedEarly(Runnable goOn) {
        heldUp.add(goOn);
    }

    SimThread start(String thread, Runnable body) {
        SimThread started = new SimThread(scheduler, this, name + "/" + thread, body);
        threads.removeIf(SimThread::isFinished);
        threads.add(started);
        scheduler.begin(started);
        return started;
    }

    /** The process is gone; its threads unwind at this very moment of simulated time, before anything else happens. */
    void end() {
        if (alive) {
            alive = false;
            threads.forEach(SimThread::kill);
        }
    }

    /** Something from outside (a hint, an answer) reaches this process: not when it is gone, and not before it thaws. */
    void deliver(long delayNanos, Runnable news) {
        scheduler.after(delayNanos, () -> {
            if (isFrozen()) {
                deliver(frozenUntil - scheduler.now(), news);
            } else if (alive) {
                news.run();
            }
        });
    }
}
