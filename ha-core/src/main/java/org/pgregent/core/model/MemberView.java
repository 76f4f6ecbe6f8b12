package org.pgregent.core.model;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a member published about itself.
 *
 * @param fields the published object, in order and with the fields we do not know
 * @param leaseId the lease its key hangs on
 * @param version of its key
 */
public record MemberView(NodeName name, Map<String, Object> fields, Optional<String> leaseId, String version) {

    public MemberView {
        requireNonNull(name, "name");
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
        requireNonNull(leaseId, "leaseId");
        requireNonNull(version, "version");
    }

    public Optional<String> connUrl() {
        return text("conn_url");
    }

    public Optional<String> apiUrl() {
        return text("api_url");
    }

    public String state() {
        return text("state").orElse("unknown");
    }

    public String role() {
        return text("role").orElse("unknown");
    }

    public boolean isRunning() {
        return state().equals("running");
    }

    /** {@code master} is what versions before 4 call it. */
    public boolean saysPrimary() {
        return role().equals("primary") || role().equals("master");
    }

    public boolean hasData() {
        return !role().equals("uninitialized");
    }

    /** Somebody is making the cluster right now. */
    public boolean isInitializing() {
        return state().equals("initializing new cluster")
                || state().equals("running custom bootstrap script")
                || state().equals("starting after custom bootstrap");
    }

    public Optional<Lsn> position() {
        return number("xlog_location").map(Lsn::new);
    }

    public Optional<Lsn> replayed() {
        return number("replay_lsn").map(Lsn::new);
    }

    public Optional<Lsn> received() {
        return number("receive_lsn").map(Lsn::new);
    }

    public Optional<Timeline> timeline() {
        return number("timeline").filter(n -> n >= 1).map(Timeline::new);
    }

    public Optional<String> replicationState() {
        return text("replication_state");
    }

    /** Published as false between a promotion and the first checkpoint after it. */
    public boolean checkpointedAfterPromotion() {
        return !Boolean.FALSE.equals(fields.get("checkpoint_after_promote"));
    }

    public Tags tags() {
        if (!(fields.get("tags") instanceof Map<?, ?> map)) {
            return Tags.NONE;
        }
        Map<String, Object> tags = new LinkedHashMap<>();
        map.forEach((k, v) -> tags.put(k.toString(), v));
        return new Tags(tags);
    }

    /** Where to stream from it, if it says so understandably. */
    public Optional<Upstream> asUpstream() {
        return connUrl().flatMap(url -> {
            try {
                URI uri = URI.create(url);
                if (uri.getHost() == null) {
                    return Optional.empty();
                }
                String path = uri.getPath() == null ? "" : uri.getPath();
                String database = path.length() > 1 ? path.substring(1) : "postgres";
                String host = uri.getHost().startsWith("[")
                        ? uri.getHost().substring(1, uri.getHost().length() - 1)
                        : uri.getHost();
                return Optional.of(new Upstream(name, host, uri.getPort() < 0 ? 5432 : uri.getPort(), database));
            } catch (IllegalArgumentException notAUrl) {
                return Optional.empty();
            }
        });
    }

    private Optional<String> text(String key) {
        return Optional.ofNullable(fields.get(key)).map(Object::toString);
    }

    private Optional<Long> number(String key) {
        return fields.get(key) instanceof Number n ? Optional.of(n.longValue()) : Optional.empty();
    }
}
