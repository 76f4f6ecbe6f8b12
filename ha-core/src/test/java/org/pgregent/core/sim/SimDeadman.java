package org.pgregent.core.sim;

import java.time.Duration;
import java.util.Optional;
import org.pgregent.core.model.GuardView;
import org.pgregent.core.port.Deadman;

/** The pipe from a process to the guard of its machine. What was acknowledged is what the guard does. */
final class SimDeadman extends SimPort implements Deadman {

    private static final long MILLI = 1_000_000L;
    private final SimGuard guard;
    private Optional<Long> acknowledged = Optional.empty();
    private int spokenWith = -1;

    SimDeadman(SimNode node, SimProcess process) {
        super(node, process);
        this.guard = node.guard();
    }

    @Override
    public GuardView observe() {
        requireAlive();
        return isConnected() ? new GuardView(true, acknowledged) : GuardView.ABSENT;
    }

    @Override
    public boolean ensure(Duration timeout) {
        SimThread thread = enter("guard: ensure", 30 * MILLI);
        if (!guard.isAlive()) {
            guard.start();
            cluster.trace().add(node.name(), "guard: started");
        }
        spokenWith = guard.number();
        acknowledged = guard.deadlineNanos();
        leave(thread, "guard: ensured");
        return true;
    }

    @Override
    public boolean arm(long deadlineNanos, Duration killMargin, Duration timeout) {
        SimThread thread = enter("guard: arm", 3 * MILLI);
        boolean armed = isConnected() && guard.arm(deadlineNanos, killMargin);
        if (armed) {
            acknowledged = Optional.of(deadlineNanos);
        } else {
            acknowledged = guard.deadlineNanos();
        }
        leave(thread, "guard: armed");
        return armed && isConnected();
    }

    /** There is a guard, and this process has begun to talk to that one. */
    private boolean isConnected() {
        return guard.isAlive() && guard.number() == spokenWith;
    }

    @Override
    public boolean disarm(Duration timeout) {
        SimThread thread = enter("guard: disarm", 3 * MILLI);
        boolean done = isConnected() && guard.disarm();
        acknowledged = guard.deadlineNanos();
        leave(thread, "guard: disarmed");
        return done;
    }

    @Override
    public void quit(Duration timeout) {
        SimThread thread = enter("guard: quit", 3 * MILLI);
        if (isConnected()) {
            guard.end();
        }
        leave(thread, "guard: ended");
    }
}
