package org.pgregent.core.agent;

import java.util.Optional;
import org.pgregent.core.model.TaskKind;
import org.pgregent.core.model.TaskView;
import org.pgregent.core.model.TaskView.Divergence;
import org.pgregent.core.model.TaskView.Phase;
import org.pgregent.core.port.Clock;
import org.pgregent.core.port.PostgresException;
import org.pgregent.core.port.Tasks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs one long task beside the loop, and shows how it goes. A task that must run takes the place of the one that runs. */
final class TaskRunner {

    private static final Logger LOG = LoggerFactory.getLogger(TaskRunner.class);

    /** The work of a task. */
    interface Body {
        /** Returns what it found, if it is of the kind that finds something. */
        Optional<Divergence> run() throws PostgresException, InterruptedException;
    }

    private record Waiting(TaskKind kind, Body body) {}

    private final Tasks tasks;
    private final Clock clock;
    private final Runnable waker;
    private long count;
    private Optional<TaskView> view = Optional.empty();
    private Tasks.Handle handle;
    private boolean bodyRuns;
    private Waiting waiting;

    TaskRunner(Tasks tasks, Clock clock, Runnable waker) {
        this.tasks = tasks;
        this.clock = clock;
        this.waker = waker;
    }

    synchronized Optional<TaskView> view() {
        return view;
    }

    /** Starts the task; if one runs, that one is cancelled first and the new one begins when it has ended. */
    synchronized void start(TaskKind kind, Body body) {
        view = Optional.of(new TaskView(
                ++count,
                kind,
                Phase.RUNNING,
                clock.monotonicNanos(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty()));
        if (bodyRuns) {
            waiting = new Waiting(kind, body);
            handle.cancel();
        } else {
            begin(kind, body);
        }
    }

    synchronized void cancel() {
        waiting = null;
        if (bodyRuns) {
            handle.cancel();
        }
    }

    private void begin(TaskKind kind, Body body) {
        bodyRuns = true;
        long id = count;
        handle = tasks.run(kind.name(), () -> run(id, kind, body));
    }

    private void run(long id, TaskKind kind, Body body) {
        try {
            ended(id, kind, Phase.DONE, Optional.empty(), body.run());
        } catch (PostgresException e) {
            LOG.warn("{} failed: {}", kind.words(), e.getMessage());
            ended(id, kind, Phase.FAILED, Optional.ofNullable(e.getMessage()), Optional.empty());
        } catch (InterruptedException e) {
            // The body was cancelled, which is its end; the thread is done with it.
            LOG.info("{} was cancelled", kind.words());
            ended(id, kind, Phase.CANCELLED, Optional.of("cancelled"), Optional.empty());
        } catch (RuntimeException | Error e) {
            // Also what no program should catch: a task that ended unheard would be waited for as long as this agent
            // runs.
            LOG.error("{} failed unexpectedly", kind.words(), e);
            ended(id, kind, Phase.FAILED, Optional.of(e.toString()), Optional.empty());
        }
    }

    private void ended(long id, TaskKind kind, Phase phase, Optional<String> failure, Optional<Divergence> divergence) {
        synchronized (this) {
            bodyRuns = false;
            if (waiting != null) {
                Waiting next = waiting;
                waiting = null;
                begin(next.kind(), next.body());
            } else {
                view = Optional.of(new TaskView(
                        id,
                        kind,
                        phase,
                        view.map(TaskView::startedNanos).orElse(clock.monotonicNanos()),
                        Optional.of(clock.monotonicNanos()),
                        failure,
                        divergence));
            }
        }
        waker.run();
    }
}
