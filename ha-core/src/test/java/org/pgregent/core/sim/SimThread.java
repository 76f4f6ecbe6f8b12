package org.pgregent.core.sim;

import java.util.concurrent.locks.LockSupport;

/**
 * A thread of the simulated world. It runs on a platform thread, since the agent's code blocks where it likes, but only
 * while it has the baton.
 */
final class SimThread {

    private static final int THROWN_MAX = 10_000;

    private final Scheduler scheduler;
    private final SimProcess process;
    private final String name;
    private final Runnable body;
    private volatile Thread platform;
    private volatile boolean baton;
    private boolean killed;
    private boolean finished;
    private boolean waiting;
    private boolean woken;
    private boolean cancelled;
    private int thrown;
    private long ticket;

    SimThread(Scheduler scheduler, SimProcess process, String name, Runnable body) {
        this.scheduler = scheduler;
        this.process = process;
        this.name = name;
        this.body = body;
    }

    SimProcess process() {
        return process;
    }

    long ticket() {
        return ticket;
    }

    boolean isFinished() {
        return finished;
    }

    boolean isKilled() {
        return killed;
    }

    boolean hasBegun() {
        return platform != null;
    }

    /** Until then nothing of this thread happens. */
    void sleepUntil(long nanos) {
        crashIfKilled();
        scheduler.resume(this, nanos);
        scheduler.drive(this);
        ticket++;
        crashIfKilled();
    }

    void sleep(long nanos) {
        sleepUntil(scheduler.now() + nanos);
    }

    /** Until then or until {@link #wake}; returns whether it was woken. */
    boolean awaitUntil(long nanos) {
        crashIfKilled();
        waiting = true;
        woken = false;
        scheduler.resume(this, nanos);
        scheduler.drive(this);
        ticket++;
        waiting = false;
        crashIfKilled();
        return woken;
    }

    /** Ends {@link #awaitUntil}; nothing if the thread is not there. */
    void wake() {
        if (waiting && !woken && !finished) {
            woken = true;
            scheduler.resume(this, scheduler.now());
        }
    }

    /** The simulated interrupt: a port call that may be interrupted looks at it. */
    void cancel() {
        cancelled = true;
        wake();
    }

    boolean takeCancelled() {
        boolean was = cancelled;
        cancelled = false;
        return was;
    }

    boolean isCancelled() {
        return cancelled;
    }

    void kill() {
        if (!killed && !finished) {
            killed = true;
            scheduler.resume(this, scheduler.now());
        }
    }

    void crashIfKilled() {
        if (killed) {
            if (++thrown > THROWN_MAX) {
                throw new IllegalStateException(name + " goes on although its process has ended");
            }
            throw new SimCrash();
        }
    }

    /** Gives this thread the baton. The caller must then wait for its own, or be at its end. */
    void giveBaton() {
        if (platform == null) {
            SimThreadPool.run(this::live, thread -> platform = thread);
        } else {
            baton = true;
            LockSupport.unpark(platform);
        }
    }

    void adopt(Thread current) {
        platform = current;
    }

    void endUnbegun() {
        finished = true;
    }

    /** Real time only limits how long a deadlock stays unnoticed. */
    void awaitBaton(long realNanosMax) {
        long began = System.nanoTime();
        while (!baton) {
            if (realNanosMax == 0) {
                LockSupport.park(this);
            } else {
                LockSupport.parkNanos(this, realNanosMax);
                if (!baton && System.nanoTime() - began > realNanosMax) {
                    throw new IllegalStateException(
                            "a simulated thread holds the baton and does not move: " + scheduler.stuckThread());
                }
            }
            Thread.interrupted();
        }
        baton = false;
    }

    String where() {
        StringBuilder text = new StringBuilder(name);
        if (platform != null) {
            for (StackTraceElement element : platform.getStackTrace()) {
                text.append("\n    at ").append(element);
            }
        }
        return text.toString();
    }

    private void live() {
        try {
            if (!killed) {
                body.run();
            }
        } catch (SimCrash expected) {
            // the process ended
        } catch (Throwable failure) {
            scheduler.fail(failure);
        }
        Thread.interrupted();
        finished = true;
        scheduler.leave(this);
    }
}
