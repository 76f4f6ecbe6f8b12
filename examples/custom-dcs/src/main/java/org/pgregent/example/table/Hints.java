package org.pgregent.example.table;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.pgregent.dcs.spi.Watch;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A session that listens. It also moves the store's clock while nobody calls, so that leases end in time and their end is told. */
final class Hints implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(Hints.class);
    private static final int TICK_MILLIS = 300;
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final Duration PAUSE = Duration.ofMillis(200);

    private final CopyOnWriteArrayList<Consumer<String>> wishes = new CopyOnWriteArrayList<>();
    private final Sessions sessions;
    private final Calls calls;

    Hints(Sessions sessions, Calls calls) {
        this.sessions = sessions;
        this.calls = calls;
        Calls.thread(this).start();
    }

    Watch add(Set<String> keys, Runnable hint) {
        Set<String> wanted = Set.copyOf(keys);
        Consumer<String> wish = key -> {
            if (key.isEmpty() || wanted.contains(key)) {
                hint.run();
            }
        };
        wishes.add(wish);
        return () -> wishes.remove(wish);
    }

    @Override
    public void run() {
        while (!calls.closed) {
            try (Connection session = sessions.open(PATIENCE);
                    Statement statement = session.createStatement()) {
                session.setNetworkTimeout(Runnable::run, (int) PATIENCE.toMillis());
                statement.execute("LISTEN pgregent_store");
                // What was told before is lost.
                tell("");
                while (!calls.closed) {
                    PGNotification[] heard = session.unwrap(PGConnection.class).getNotifications(TICK_MILLIS);
                    for (PGNotification each : heard) {
                        tell(each.getParameter());
                    }
                    if (heard.length == 0) {
                        statement.execute("SELECT tick()");
                    }
                }
            } catch (SQLException e) {
                LOG.debug("not listening: {}", e.getMessage());
                calls.dropIdle();
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }

    /** @param key the one that changed; empty if it may be any */
    private void tell(String key) {
        wishes.forEach(wish -> wish.accept(key));
    }
}
