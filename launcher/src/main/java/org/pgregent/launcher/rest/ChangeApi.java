package org.pgregent.launcher.rest;

import java.io.IOException;
import java.net.InetAddress;
import java.util.Map;
import java.util.Optional;
import org.pgregent.core.agent.Agent;
import org.pgregent.launcher.Json;
import org.pgregent.launcher.rest.RestApi.Reply;

/** Requests that change something: who may make them, and what a request must look like before anybody looks into it. */
final class ChangeApi {

    /** What comes with a request. */
    interface Body {
        /** Empty if none was announced. */
        Optional<String> read() throws IOException;
    }

    /** Does what a request asks for, once it is clear that it may. */
    private interface Deed {
        Reply run(Map<String, Object> fields) throws InterruptedException;
    }

    private final Access access;
    private final HandoverApi handovers;
    private final ConfigApi configuration;

    ChangeApi(Access access, HandoverApi handovers, ConfigApi configuration) {
        this.access = access;
        this.handovers = handovers;
        this.configuration = configuration;
    }

    /**
     * May take as long as what it asks for.
     *
     * @param authorization the header of that name
     * @param body read only once it is clear that this caller may ask
     */
    Reply change(String method, String path, InetAddress from, Optional<String> authorization, Body body)
            throws IOException, InterruptedException {
        String what = method + " " + RestApi.firstOf(path);
        boolean cancels = what.equals("DELETE switchover");
        Optional<Deed> deed = deed(what);
        if (!cancels && deed.isEmpty()) {
            return Reply.text(501, notYet(method));
        }
        Optional<Reply> refusal = access.refusal(from, authorization);
        if (refusal.isPresent()) {
            return refusal.get();
        }
        if (deed.isEmpty()) {
            return handovers.cancel();
        }
        Optional<String> text = body.read();
        if (text.isEmpty()) {
            return Reply.page(411, "Length Required");
        }
        Optional<Map<String, Object>> fields = Json.object(text.get()).filter(object -> !object.isEmpty());
        return fields.isEmpty() ? Reply.page(400, "Bad Request") : deed.get().run(fields.get());
    }

    /** What comes with a body that must be an object. */
    private Optional<Deed> deed(String what) {
        return switch (what) {
            case "POST switchover" -> Optional.of(fields -> handovers.order("switchover", fields));
            case "POST failover" -> Optional.of(fields -> handovers.order("failover", fields));
            case "PATCH config" -> Optional.of(configuration::patch);
            case "PUT config" -> Optional.of(configuration::put);
            default -> Optional.empty();
        };
    }

    static String notYet(String method) {
        return "pgregent " + Agent.OWN_VERSION + " does not take such " + method + " requests yet;"
                + " some of those that change something come with a later version";
    }
}
