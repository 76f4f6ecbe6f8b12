package org.pgregent.example.table;

import static java.util.Objects.requireNonNullElse;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsUnavailableException;

/** Holds calls to their deadlines. JDBC cannot, so each runs on a thread of its own, and its session is cut when time is up. */
final class Calls {

    interface Reading<T> {
        T of(ResultSet row) throws SQLException;
    }

    private final Sessions sessions;
    private final ConcurrentLinkedDeque<Connection> idle = new ConcurrentLinkedDeque<>();
    private final ExecutorService threads = Executors.newCachedThreadPool(Calls::thread);
    volatile boolean closed;

    Calls(Sessions sessions) {
        this.sessions = sessions;
    }

    static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "postgres-table");
        thread.setDaemon(true);
        return thread;
    }

    /** All rows of one statement's answer. */
    <T> List<T> ask(Duration timeout, String sql, Reading<T> reader, @Nullable Object... arguments)
            throws DcsException {
        long end = System.nanoTime() + timeout.toNanos();
        Connection session = session(timeout, end);
        try {
            List<T> rows = await(() -> rows(session, sql, reader, arguments), end, true);
            keep(session);
            return rows;
        } catch (DcsException e) {
            Sessions.cut(session);
            throw e;
        }
    }

    /** One that is idle, or a new one; one that comes too late for its call is there for the next. */
    private Connection session(Duration timeout, long end) throws DcsException {
        for (Connection session = idle.poll(); !closed; session = idle.poll()) {
            if (session != null) {
                return session;
            }
            await(() -> keep(sessions.open(timeout)), end, false);
        }
        throw new DcsUnavailableException("this store was closed");
    }

    private <T> T await(Callable<T> work, long end, boolean sent) throws DcsException {
        try {
            return threads.submit(work).get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw sessions.meaning(requireNonNullElse(e.getCause(), e), sent);
        } catch (TimeoutException e) {
            throw sessions.meaning(new SQLException("no answer in time", e), sent);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DcsIndeterminateException("interrupted while waiting for the store", e);
        }
    }

    private static <T> List<T> rows(Connection session, String sql, Reading<T> reader, @Nullable Object[] arguments)
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

    private boolean keep(Connection session) {
        idle.addFirst(session);
        if (closed) {
            dropIdle();
        }
        return true;
    }

    /** For sessions that broke with the server; one that is in use finds out by itself. */
    void dropIdle() {
        for (Connection session = idle.poll(); session != null; session = idle.poll()) {
            Sessions.cut(session);
        }
    }

    void close() {
        closed = true;
        dropIdle();
    }
}
