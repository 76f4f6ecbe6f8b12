package org.pgregent.dcs.etcd;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.common.exception.ErrorCode;
import io.etcd.jetcd.common.exception.EtcdException;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.Watch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Streams of changes, one for each watch, over the range from its first to its last key. A stream that ends, for whatever reason
 * (connection lost, history compacted, no leading server, token run out), is opened again from the present on; what happened
 * in between is unknown, so the watcher gets a hint when a stream breaks and when one begins.
 *
 * <p>All changes of state happen on one thread, the one given.
 */
final class Watches {

    private static final Logger LOG = LoggerFactory.getLogger(Watches.class);
    private static final Duration ACQUIRE = Duration.ofSeconds(1);
    private static final long AGAIN_MILLIS = 250;

    private final Connections connections;
    private final ScheduledExecutorService thread;
    private final Set<Stream> streams = ConcurrentHashMap.newKeySet();

    Watches(Connections connections, ScheduledExecutorService thread) {
        this.connections = connections;
        this.thread = thread;
    }

    Watch register(Set<String> keys, Runnable hint) {
        if (keys.isEmpty()) {
            return () -> {};
        }
        Stream stream = new Stream(keys, hint);
        streams.add(stream);
        onThread(stream::open, 0);
        return stream;
    }

    /** Streams go where the calls go: a server that answers no calls sends no changes either. */
    void connectionChanged() {
        streams.forEach(stream -> onThread(stream::moveToCurrent, 0));
    }

    void close() {
        streams.forEach(Stream::close);
    }

    private void onThread(Runnable step, long millis) {
        try {
            thread.schedule(step, millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException closed) {
            LOG.debug("nothing is watched any more");
        }
    }

    private final class Stream implements Watch {

        private final TreeSet<String> keys;
        private final Runnable hint;
        private volatile boolean closed;
        /** Counts the streams opened and given up; what an earlier one says does not matter. */
        private final AtomicInteger generation = new AtomicInteger();

        private io.etcd.jetcd.Watch.@Nullable Watcher watcher;
        private @Nullable Connection connection;

        Stream(Set<String> keys, Runnable hint) {
            this.keys = new TreeSet<>(keys);
            this.hint = hint;
        }

        void open() {
            shut();
            if (closed) {
                return;
            }
            int mine = generation.incrementAndGet();
            try {
                Connection used = connections.acquire(Deadline.in(ACQUIRE));
                try {
                    connection = used;
                    watcher = used.client()
                            .getWatchClient()
                            .watch(KeyWriter.bytes(keys.first()), option(), new Listener(mine, used));
                } finally {
                    used.release();
                }
            } catch (DcsException | RuntimeException e) {
                LOG.debug("no watch on {} yet", keys, e);
                broken(mine);
            }
        }

        private WatchOption option() {
            return WatchOption.builder()
                    // The end of a range is not part of it.
                    .withRange(KeyWriter.bytes(keys.last() + "\0"))
                    .withCreateNotify(true)
                    .withRequireLeader(true)
                    .build();
        }

        void moveToCurrent() {
            if (connection == null || !connections.isCurrent(connection)) {
                hint(generation.get());
                open();
            }
        }

        private void shut() {
            io.etcd.jetcd.Watch.Watcher last = watcher;
            watcher = null;
            generation.incrementAndGet();
            if (last != null) {
                last.close();
            }
        }

        private void broken(int which) {
            if (which == generation.get() && !closed) {
                hint(generation.incrementAndGet());
                onThread(this::open, AGAIN_MILLIS);
            }
        }

        private void hint(int which) {
            if (which != generation.get() || closed) {
                return;
            }
            try {
                hint.run();
            } catch (RuntimeException e) {
                LOG.error("a hint on {} failed", keys, e);
            }
        }

        @Override
        public void close() {
            closed = true;
            streams.remove(this);
            onThread(this::shut, 0);
        }

        /** Called by jetcd's threads. */
        private final class Listener implements io.etcd.jetcd.Watch.Listener {

            private final int mine;
            private final Connection used;

            Listener(int mine, Connection used) {
                this.mine = mine;
                this.used = used;
            }

            @Override
            public void onNext(WatchResponse response) {
                if (response.isCreatedNotify()
                        || response.getEvents().stream()
                                .anyMatch(event ->
                                        keys.contains(text(event.getKeyValue().getKey())))) {
                    hint(mine);
                }
            }

            @Override
            public void onError(Throwable failure) {
                LOG.debug("the watch on {} at {} ends", keys, used.server(), failure);
                onThread(() -> ended(failure), 0);
            }

            private void ended(Throwable failure) {
                if (mine == generation.get()
                        && failure instanceof EtcdException etcd
                        && etcd.getErrorCode() == ErrorCode.UNAVAILABLE) {
                    connections.failed(used);
                }
                broken(mine);
            }

            @Override
            public void onCompleted() {
                onThread(() -> broken(mine), 0);
            }
        }
    }

    private static String text(ByteSequence key) {
        return key.toString(StandardCharsets.UTF_8);
    }
}
