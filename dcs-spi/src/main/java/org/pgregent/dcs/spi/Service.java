package org.pgregent.dcs.spi;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.time.Duration;
import java.util.List;

/**
 * What others may look up by name and tag.
 *
 * @param id unique among all services of the store
 * @param name what it is looked up by; several may share it
 * @param host where it is reached
 * @param tags in this order; the store's configuration may put more before them
 * @param check asked with GET by the store: an answer of 2xx means that the service is well
 * @param forgottenAfter not well for this long, it is no longer listed
 */
public record Service(
        String id, String name, String host, int port, List<String> tags, URI check, Duration forgottenAfter) {

    public Service {
        requireNonNull(id, "id");
        requireNonNull(name, "name");
        requireNonNull(host, "host");
        tags = List.copyOf(tags);
        requireNonNull(check, "check");
        requireNonNull(forgottenAfter, "forgottenAfter");
    }
}
