package org.pgregent.core.agent;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.pgregent.core.decide.Decision;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.NodeView;
import org.pgregent.core.model.Settings;

/** What the last pass saw and decided, and the last changes of mind. Written by the agent's thread, read by any. */
public final class StatusBoard {

    private static final int CHANGES_MAX = 100;

    /**
     * One pass.
     *
     * @param atNanos when it was decided, on the monotonic clock
     */
    public record Pass(
            ClusterView cluster, NodeView node, Settings settings, Decision decision, long atNanos, Instant wall) {}

    /** A decision whose sentence differs from the one before. */
    public record Change(Instant wall, String action, String because, String rule) {}

    private volatile Optional<Pass> last = Optional.empty();
    private final Deque<Change> changes = new ArrayDeque<>();
    private final List<Consumer<Pass>> listeners = new CopyOnWriteArrayList<>();

    /** True if the sentence changed. */
    boolean show(Pass pass) {
        boolean changed = last.map(
                        p -> !p.decision().because().equals(pass.decision().because()))
                .orElse(true);
        last = Optional.of(pass);
        if (changed) {
            synchronized (changes) {
                changes.addLast(new Change(
                        pass.wall(),
                        pass.decision().action().getClass().getSimpleName(),
                        pass.decision().because(),
                        pass.decision().rule()));
                if (changes.size() > CHANGES_MAX) {
                    changes.removeFirst();
                }
            }
        }
        listeners.forEach(listener -> listener.accept(pass));
        return changed;
    }

    /** Empty before the first pass. */
    public Optional<Pass> last() {
        return last;
    }

    /** The last 100, oldest first. */
    public List<Change> changes() {
        synchronized (changes) {
            return List.copyOf(changes);
        }
    }

    /** Called after every pass on the agent's thread: it must be quick and must not throw. */
    public void onPass(Consumer<Pass> listener) {
        listeners.add(listener);
    }
}
