package org.pgregent.example.table;

import static java.util.Objects.requireNonNullElse;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsUnavailableException;

/** Holds calls to their deadlines. JDBC cannot, so each runs on a thread of its own, and its session is cut when time is up. */
final class Calls {

    interface Reading<S, T> {
        T of(S source) throws SQLException;
    }

    /** In the place of a session: it is in use no more, or shall not be. */
    private static final Object OVER = new Object();

    private final Sessions sessions;
    private final ConcurrentLinkedDeque<Connection> idle = new ConcurrentLinkedDeque<>();
    private final ExecutorService threads = Executors.newCachedThreadPool(Calls::thread);
    private volatile boolean closed;

    Calls(Sessions sessions) {
        this.sessions = sessions;
    }

    static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "postgres-table");
        thread.setDaemon(true);
        return thread;
    }

    /** All rows of one statement's answer. */
    <T> List<T> ask(Duration timeout, String sql, Reading<ResultSet, T> reader, @Nullable Object... arguments)
            throws DcsException {
        if (closed) {
            throw new DcsUnavailableException("this connection to the store was closed");
        }
        AtomicReference<@Nullable Object> inUse = new AtomicReference<>();
        Future<List<T>> answer =
                threads.submit(() -> onSession(timeout, inUse, session -> rows(session, sql, reader, arguments)));
        try {
            return answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw sessions.meaning(requireNonNullElse(e.getCause(), e), inUse.get() != null);
        } catch (TimeoutException e) {
            throw sessions.meaning(new SQLException("no answer in " + timeout.toMillis() + " ms", e), giveUp(inUse));
        } catch (InterruptedException e) {
            giveUp(inUse);
            Thread.currentThread().interrupt();
            throw new DcsIndeterminateException("interrupted while waiting for the store", e);
        }
    }

    /** From now on nothing is sent any more; returns whether something may have been. */
    private static boolean giveUp(AtomicReference<@Nullable Object> inUse) {
        Object was = inUse.getAndSet(OVER);
        if (was instanceof Connection session) {
            Sessions.cut(session);
        }
        return was != null;
    }

    private <T> T onSession(Duration timeout, AtomicReference<@Nullable Object> inUse, Reading<Connection, T> work)
            throws SQLException {
        Connection former = idle.pollFirst();
        Connection session = former == null ? sessions.open(timeout) : former;
        boolean sound = true;
        try {
            if (!inUse.compareAndSet(null, session)) {
                throw new SQLException("given up before anything was sent");
            }
            return work.of(session);
        } catch (SQLException e) {
            sound = Sessions.isAnswer(e);
            throw e;
        } finally {
            if (sound && inUse.compareAndSet(session, OVER)) {
                idle.addFirst(session);
            } else {
                Sessions.cut(session);
            }
            if (closed) {
                dropIdle();
            }
        }
    }

    private static <T> List<T> rows(
            Connection session, String sql, Reading<ResultSet, T> reader, @Nullable Object[] arguments)
            throws SQLException {
        List<T> rows = new ArrayList<>();
        try (PreparedStatement statement = session.prepareStatement(sql)) {
            for (int i = 0; i < arguments.length; i++) {
                statement.setObject(i + 1, arguments[i]);
            }
            ResultSet row = statement.executeQuery();
            while (row.next()) {
                rows.add(reader.of(row));
            }
        }
        return rows;
    }

    /** For sessions that broke with the server; one that is in use finds out by itself. */
    void dropIdle() {
        for (Connection session = idle.poll(); session != null; session = idle.poll()) {
            Sessions.cut(session);
        }
    }

    boolean closed() {
        return closed;
    }

    void close() {
        closed = true;
        dropIdle();
    }
}
