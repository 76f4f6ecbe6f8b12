package org.pgregent.dcs.consul;

import com.ecwid.consul.v1.ConsistencyMode;
import com.ecwid.consul.v1.QueryParams;
import com.ecwid.consul.v1.Response;
import com.ecwid.consul.v1.kv.model.GetBinaryValue;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.pgregent.dcs.spi.DcsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks for the keys below a folder again and again, each time to be answered when something below it has changed, and hints when it was
 * one of the keys wanted. One query for all keys, since each one under way takes a connection.
 */
final class FolderWatch {

    private static final Logger LOG = LoggerFactory.getLogger(FolderWatch.class);

    /** How long the server may keep silent; it adds a sixteenth of it by chance. */
    private static final long WAIT_SECONDS = 10;

    /** Silence beyond this is a broken connection. */
    private static final Duration ANSWER = Duration.ofSeconds(WAIT_SECONDS + 4);

    private static final Duration PAUSE_MAX = Duration.ofSeconds(1);

    private final ConsulHttp http;
    private final ConsulSettings settings;
    private final String folder;
    private final Set<String> wanted;
    private final Runnable hint;
    private final Thread thread;
    private volatile boolean closed;
    private String complained = "";

    /** @param folder with a slash at its end, as are {@code wanted} keys of Consul */
    FolderWatch(ConsulHttp http, ConsulSettings settings, String folder, Set<String> wanted, Runnable hint) {
        this.http = http;
        this.settings = settings;
        this.folder = folder;
        this.wanted = Set.copyOf(wanted);
        this.hint = hint;
        this.thread = new Thread(this::run, "consul-watch");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    void close() {
        closed = true;
        thread.interrupt();
    }

    private void run() {
        long index = 0;
        Duration pause = Duration.ofMillis(50);
        Optional<Map<String, Long>> last = Optional.empty();
        while (!closed) {
            try {
                Response<List<GetBinaryValue>> answer = ask(index);
                Map<String, Long> now = versions(answer.getValue());
                // Of the time before the first answer, and of a disturbance, nothing is known: that too is a hint.
                if (!last.equals(Optional.of(now))) {
                    hint();
                }
                last = Optional.of(now);
                long next = answer.getConsulIndex() == null ? 0 : answer.getConsulIndex();
                // An index that goes back means that the servers have been set up anew.
                index = next < index ? 0 : next;
                pause = Duration.ofMillis(50);
                complained = "";
            } catch (DcsException e) {
                if (last.isPresent()) {
                    hint();
                }
                last = Optional.empty();
                index = 0;
                complain(e);
                pause = pause(pause);
            }
        }
    }

    private Response<List<GetBinaryValue>> ask(long index) throws DcsException {
        QueryParams.Builder query =
                QueryParams.Builder.builder().setWaitTime(WAIT_SECONDS).setIndex(index);
        settings.datacenter().ifPresent(query::setDatacenter);
        query.setConsistencyMode(
                switch (settings.watchMode()) {
                    case DEFAULT -> ConsistencyMode.DEFAULT;
                    case CONSISTENT -> ConsistencyMode.CONSISTENT;
                    case STALE -> ConsistencyMode.STALE;
                });
        return http.ask(
                client -> client.getKVBinaryValues(ConsulHttp.encoded(folder), query.build()), Deadline.in(ANSWER));
    }

    private Map<String, Long> versions(@Nullable List<GetBinaryValue> values) {
        Map<String, Long> versions = new HashMap<>();
        if (values != null) {
            for (GetBinaryValue value : values) {
                if (wanted.contains(value.getKey())) {
                    versions.put(value.getKey(), value.getModifyIndex());
                }
            }
        }
        return versions;
    }

    private void hint() {
        if (!closed) {
            hint.run();
        }
    }

    private void complain(DcsException e) {
        String text = String.valueOf(e.getMessage());
        if (!closed && !text.equals(complained)) {
            LOG.info("not watching {} for the moment: {}", folder, text);
            complained = text;
        }
    }

    /** The next one is twice as long. */
    private Duration pause(Duration pause) {
        try {
            if (!closed) {
                TimeUnit.NANOSECONDS.sleep(pause.toNanos());
            }
        } catch (InterruptedException e) {
            LOG.debug("closed while pausing");
        }
        Duration next = pause.multipliedBy(2);
        return next.compareTo(PAUSE_MAX) < 0 ? next : PAUSE_MAX;
    }
}
