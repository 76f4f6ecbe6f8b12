package org.pgregent.launcher.it;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.pgregent.launcher.demo.AgentClient;
import org.pgregent.launcher.demo.LocalNode;

/**
 * Writes to one node, whatever that node is, as fast as a row every few milliseconds, and notes when each was acknowledged. A
 * client that never asks who leads: what it may not do, PostgreSQL must refuse.
 */
public final class DirectWriter implements AutoCloseable {

    /** The table it wants to find. */
    static final String TABLE =
            "CREATE TABLE IF NOT EXISTS acks (node text, number bigint, PRIMARY KEY (node, number))";

    private static final String INSERT = "INSERT INTO acks (node, number) VALUES (?, ?)";
    private static final long PAUSE_MILLIS = 5;

    private final AgentClient client;
    private final LocalNode node;
    private final List<Ack> acks = new ArrayList<>();
    private final Thread thread;
    private volatile boolean stopped;
    private long number;

    /** @param nanos on this JVM's monotonic clock, after the answer came */
    public record Ack(String node, long number, long nanos) {}

    DirectWriter(AgentClient client, LocalNode node) {
        this.client = client;
        this.node = node;
        this.thread = new Thread(this::run, "writer-" + node.name());
        this.thread.setDaemon(true);
        this.thread.start();
    }

    private void run() {
        while (!stopped) {
            try (Connection connection = client.connect(node);
                    PreparedStatement insert = connection.prepareStatement(INSERT)) {
                writeUntilItFails(insert);
            } catch (SQLException refused) {
                pause();
            }
        }
    }

    private void writeUntilItFails(PreparedStatement insert) throws SQLException {
        while (!stopped) {
            number++;
            insert.setString(1, node.name());
            insert.setLong(2, number);
            insert.executeUpdate();
            Ack ack = new Ack(node.name(), number, System.nanoTime());
            synchronized (acks) {
                acks.add(ack);
            }
            pause();
        }
    }

    private void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            stopped = true;
            Thread.currentThread().interrupt();
        }
    }

    public LocalNode node() {
        return node;
    }

    public List<Ack> acks() {
        synchronized (acks) {
            return List.copyOf(acks);
        }
    }

    public Optional<Ack> last() {
        List<Ack> all = acks();
        return all.isEmpty() ? Optional.empty() : Optional.of(all.get(all.size() - 1));
    }

    /** The first after a moment. */
    public Optional<Ack> firstAfter(long nanos) {
        return acks().stream().filter(ack -> ack.nanos() - nanos > 0).findFirst();
    }

    @Override
    public void close() {
        stopped = true;
        try {
            thread.join(TimeUnit.SECONDS.toMillis(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
