package org.pgregent.launcher.rest;

import java.time.Duration;
import java.util.Optional;
import org.pgregent.core.agent.StatusBoard;
import org.pgregent.core.agent.StatusBoard.Pass;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.port.Clock;
import org.pgregent.core.port.Postgres;

/**
 * A look at PostgreSQL that is at most {@link #AGE_MAX} old. However many ask, one looks and the others wait for it, so that a
 * flood of health checks does not become a flood of queries. Safe for use by many threads.
 */
final class FreshLook {

    static final Duration AGE_MAX = Duration.ofMillis(250);
    private static final Duration TIMEOUT = Duration.ofSeconds(1);

    private final Postgres postgres;
    private final StatusBoard board;
    private final Clock clock;
    private Optional<PostgresView> last = Optional.empty();
    private long lastNanos;

    FreshLook(Postgres postgres, StatusBoard board, Clock clock) {
        this.postgres = postgres;
        this.board = board;
        this.clock = clock;
    }

    synchronized PostgresView look() {
        if (last.isPresent() && isRecent(lastNanos)) {
            return last.get();
        }
        Optional<Pass> pass = board.last().filter(p -> isRecent(p.atNanos()));
        if (pass.isPresent()) {
            return pass.get().node().postgres();
        }
        last = Optional.of(postgres.observe(TIMEOUT));
        // Counted from the end: what took a second to see is as fresh as it gets.
        lastNanos = clock.monotonicNanos();
        return last.get();
    }

    private boolean isRecent(long nanos) {
        return clock.monotonicNanos() - nanos <= AGE_MAX.toNanos();
    }
}
