package org.pgregent.core.sim;

import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** Platform threads, used again: a simulated hour starts thousands of tasks. */
final class SimThreadPool {

    private static final ConcurrentLinkedDeque<Worker> IDLE = new ConcurrentLinkedDeque<>();

    private SimThreadPool() {}

    /** Runs the body on a thread of the pool, told beforehand which. */
    static void run(Runnable body, Consumer<Thread> announce) {
        Worker idle = IDLE.pollFirst();
        Worker worker = idle != null ? idle : new Worker();
        announce.accept(worker);
        worker.body = body;
        if (idle == null) {
            worker.start();
        } else {
            LockSupport.unpark(worker);
        }
    }

    private static final class Worker extends Thread {

        private volatile Runnable body;

        Worker() {
            super("sim-worker");
            setDaemon(true);
        }

        @Override
        public void run() {
            while (true) {
                Runnable next = body;
                if (next == null) {
                    LockSupport.park(this);
                } else {
                    body = null;
                    next.run();
                    IDLE.addFirst(this);
                }
            }
        }
    }
}
