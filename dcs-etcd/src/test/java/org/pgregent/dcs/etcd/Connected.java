package org.pgregent.dcs.etcd;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.WriteResult;

/** What the tests on real servers share. */
final class Connected {

    static final Duration CALL = Duration.ofSeconds(10);
    static final Duration TTL = Duration.ofSeconds(3);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Connected() {}

    static Dcs to(Map<String, Object> section) throws DcsException {
        return new EtcdProvider().connect(new DcsConfig("etcd3", section, "n1", Path.of("/nowhere"), TTL));
    }

    static WriteResult put(Dcs dcs, String key, String value, Expect expect) throws DcsException {
        return dcs.put(key, value.getBytes(StandardCharsets.UTF_8), expect, Optional.empty(), CALL);
    }

    /** Asks until the answer is yes; a failure of the store that may pass is a no. */
    static void eventually(String what, Callable<Boolean> question) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        DcsException last = null;
        while (System.nanoTime() < end) {
            try {
                if (question.call()) {
                    return;
                }
            } catch (DcsRefusedException refused) {
                throw refused;
            } catch (DcsException notYet) {
                last = notYet;
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        throw new AssertionError("not within " + PATIENCE + ": " + what, last);
    }

    /** What it is refused with; as long as a busy machine runs out of time before that is found out, it is asked again. */
    static DcsRefusedException refusal(Dcs dcs) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < end) {
            try {
                dcs.readAll("/refused", CALL);
                throw new AssertionError("it was not refused");
            } catch (DcsRefusedException refused) {
                return refused;
            } catch (DcsException notFoundOutYet) {
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
        throw new AssertionError("not refused within " + PATIENCE);
    }
}
