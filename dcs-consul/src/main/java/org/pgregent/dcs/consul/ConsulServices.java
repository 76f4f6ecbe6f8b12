package org.pgregent.dcs.consul;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.time.Duration;
import java.util.stream.Stream;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.Service;
import org.pgregent.dcs.spi.ServiceRegistry;

/**
 * The services of the agent that is asked, which brings them into the catalogue. Ecwid's client knows no TLS name of a check, so the
 * registration is written here.
 */
final class ConsulServices implements ServiceRegistry {

    private final ConsulHttp http;
    private final String section;
    private final ConsulSettings.Registration registration;

    ConsulServices(ConsulHttp http, String section, ConsulSettings.Registration registration) {
        this.http = http;
        this.section = section;
        this.registration = registration;
    }

    @Override
    public void register(Service service, Duration timeout) throws DcsException {
        ConsulHttp.Answer answer =
                http.put("/v1/agent/service/register", json(service).toString(), Deadline.in(timeout));
        if (answer.status() == 400 && answer.body().contains("TLSServerName")) {
            throw new DcsRefusedException(section + ".service_check_tls_server_name is not known to this Consul ("
                    + answer.body().strip() + "); leave it out, or use Consul 1.9 or newer");
        }
        if (answer.status() != 200) {
            throw http.answers().failure(answer.status(), answer.body(), true);
        }
    }

    private JsonObject json(Service service) {
        JsonArray tags = new JsonArray();
        Stream.concat(registration.tags().stream(), service.tags().stream())
                .distinct()
                .forEach(tags::add);
        JsonObject check = new JsonObject();
        check.addProperty("HTTP", service.check().toString());
        check.addProperty("Interval", registration.checkInterval());
        check.addProperty("DeregisterCriticalServiceAfter", Sessions.inSeconds(service.forgottenAfter()));
        registration.checkTlsServerName().ifPresent(name -> check.addProperty("TLSServerName", name));
        JsonObject json = new JsonObject();
        json.addProperty("ID", service.id());
        json.addProperty("Name", service.name());
        json.addProperty("Address", service.host());
        json.addProperty("Port", service.port());
        json.add("Tags", tags);
        // Others may put tags on it that are not ours to take away.
        json.addProperty("EnableTagOverride", true);
        json.add("Check", check);
        return json;
    }

    @Override
    public void deregister(String id, Duration timeout) throws DcsException {
        try {
            http.ask(client -> client.agentServiceDeregister(ConsulHttp.encoded(id)), Deadline.in(timeout));
        } catch (DcsRefusedException e) {
            // Newer agents say so with 404.
            if (!String.valueOf(e.getMessage()).contains("Unknown service")) {
                throw e;
            }
        }
    }
}
