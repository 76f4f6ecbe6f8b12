package org.pgregent.pg;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks every 20 ms whether the postmaster still lives, child of this process or not: the one way that tells within tens of
 * milliseconds in both cases ({@code ProcessHandle.onExit} polls with growing pauses where the process is no child).
 */
final class ExitWatcher implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ExitWatcher.class);
    private static final long PERIOD_MILLIS = 20;

    private final ServerProcesses processes;
    private final Thread thread;
    private ProcFs.Stat watched;
    private Runnable hint = () -> {};
    private boolean closed;

    ExitWatcher(ServerProcesses processes) {
        this.processes = processes;
        this.thread = new Thread(this::run, "postmaster-watch");
        thread.setDaemon(true);
        thread.start();
    }

    synchronized void onExit(Runnable newHint) {
        hint = newHint;
    }

    /** Whoever sees a postmaster says so here; saying it again costs nothing. */
    synchronized void watch(ProcFs.Stat postmaster) {
        if (watched == null || watched.pid() != postmaster.pid() || watched.startTicks() != postmaster.startTicks()) {
            watched = postmaster;
            notifyAll();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }

    private void run() {
        try {
            for (ProcFs.Stat postmaster = next(); postmaster != null; postmaster = next()) {
                if (!ProcFs.isAlive(postmaster)) {
                    ended(postmaster);
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("nobody watches the postmaster any more", e);
        }
    }

    /** Waits a period, or for something to watch; null when closed. */
    @SuppressWarnings("WaitNotInLoop") // The first wait is the period itself; waking early from it is no harm.
    private synchronized ProcFs.Stat next() throws InterruptedException {
        wait(PERIOD_MILLIS);
        while (watched == null && !closed) {
            wait();
        }
        return closed ? null : watched;
    }

    @SuppressWarnings("ReferenceEquality") // The one that was looked at, not one like it.
    private void ended(ProcFs.Stat postmaster) {
        Runnable told;
        synchronized (this) {
            if (watched != postmaster) {
                return;
            }
            watched = null;
            told = hint;
        }
        LOG.info("the postmaster {} has ended", postmaster.pid());
        try {
            told.run();
            killOrphans();
        } catch (RuntimeException e) {
            LOG.error("the end of the postmaster {} could not be dealt with", postmaster.pid(), e);
        }
    }

    /** A backend without postmaster may go on committing what it is at, and a stuck one keeps the next postmaster from starting. */
    private void killOrphans() {
        ServerProcesses.Living living = processes.look();
        if (living.postmaster().isEmpty()) {
            for (ProcFs.Stat orphan : living.others()) {
                LOG.warn("killing process {}, which outlived its postmaster", orphan.pid());
                PgProcess.kill(orphan);
            }
        }
    }
}
