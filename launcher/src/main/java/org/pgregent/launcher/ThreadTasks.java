package org.pgregent.launcher;

import java.util.concurrent.atomic.AtomicLong;
import org.pgregent.core.port.Tasks;

/** A thread for each long task. There is one at a time, so a pool would only keep idle threads. */
final class ThreadTasks implements Tasks {

    private final AtomicLong number = new AtomicLong();

    @Override
    public Handle run(String name, Runnable body) {
        Thread thread = new Thread(body, name + "-" + number.incrementAndGet());
        thread.setDaemon(true);
        thread.start();
        return thread::interrupt;
    }
}
