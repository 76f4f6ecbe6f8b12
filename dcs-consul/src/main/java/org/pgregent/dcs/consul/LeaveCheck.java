package org.pgregent.dcs.consul;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.time.Duration;
import org.pgregent.dcs.spi.DcsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warns of an agent that takes its machine out of the catalogue when it is ended: Consul ends all sessions of such a machine at
 * once, no matter how much of their time is left, which is the one way for another node to get our keys while we count on them.
 */
final class LeaveCheck {

    private static final Logger LOG = LoggerFactory.getLogger(LeaveCheck.class);
    private static final Duration ANSWER = Duration.ofSeconds(5);

    private LeaveCheck() {}

    /** In the background: nobody waits for it. */
    static void start(ConsulHttp http, ConsulSettings settings) {
        Thread thread = new Thread(() -> check(http, settings), "consul-leave-check");
        thread.setDaemon(true);
        thread.start();
    }

    private static void check(ConsulHttp http, ConsulSettings settings) {
        try {
            ConsulHttp.Answer answer = http.get("/v1/agent/self", Deadline.in(ANSWER));
            if (answer.status() == 200 && leaves(answer.body())) {
                LOG.warn(
                        "the Consul agent at {} leaves the cluster when it is ended, which ends the lease of this node at"
                                + " once: set leave_on_terminate = false there",
                        settings.address());
            }
        } catch (DcsException | JsonParseException | IllegalStateException e) {
            LOG.debug("whether the agent leaves when it is ended is not known", e);
        }
    }

    static boolean leaves(String self) {
        JsonObject debug = JsonParser.parseString(self).getAsJsonObject().getAsJsonObject("DebugConfig");
        return debug != null
                && debug.get("LeaveOnTerm") != null
                && debug.get("LeaveOnTerm").getAsBoolean();
    }
}
