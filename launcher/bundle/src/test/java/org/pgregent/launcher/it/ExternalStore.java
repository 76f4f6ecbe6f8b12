package org.pgregent.launcher.it;

import java.io.IOException;
import java.util.Map;

/** A consensus store beside the agents, for a whole cluster: how to reach it and what can happen to it. */
interface ExternalStore extends AutoCloseable {

    /** The provider's name. */
    String provider();

    /** The section of the agents' configuration. */
    String section();

    /** What stands in that section; Patroni's ctl gets the same. */
    Map<String, Object> settings();

    /** All its servers stop answering, as SIGSTOP does it. */
    void freeze() throws Exception;

    void thaw() throws Exception;

    /** All its servers are killed, and started again on the same disk. */
    void restart() throws Exception;

    @Override
    void close() throws IOException;
}
