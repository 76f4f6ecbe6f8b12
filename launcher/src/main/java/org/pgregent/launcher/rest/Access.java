package org.pgregent.launcher.rest;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.MemberView;
import org.pgregent.launcher.rest.RestApi.Reply;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who may ask for what is not for everybody. With {@code restapi.authentication}: whoever gives user and password. Without it:
 * callers on this host and the cluster's members, unless all may.
 */
final class Access {

    private static final Logger LOG = LoggerFactory.getLogger(Access.class);
    private static final String SCHEME = "basic ";

    private final Supplier<Optional<ClusterView>> cluster;
    private final Optional<String> credentials;
    private final boolean allowAll;

    /**
     * @param cluster as last seen
     * @param credentials {@code user:password}
     * @param allowAll {@code restapi.allow_unauthenticated}
     */
    Access(Supplier<Optional<ClusterView>> cluster, Optional<String> credentials, boolean allowAll) {
        this.cluster = cluster;
        this.credentials = credentials;
        this.allowAll = allowAll;
        if (credentials.isEmpty()) {
            LOG.warn(
                    "restapi.authentication is not set: {}",
                    allowAll
                            ? "by restapi.allow_unauthenticated everybody who reaches the REST interface may change this cluster"
                            : "only this host and the members' addresses may change this cluster over REST");
        }
    }

    /**
     * Why this caller may not change anything, if it may not.
     *
     * @param authorization the header of that name
     */
    Optional<Reply> refusal(InetAddress from, Optional<String> authorization) {
        if (credentials.isEmpty()) {
            return allowAll || isNear(from) ? Optional.empty() : Optional.of(Reply.text(403, "Access is denied"));
        }
        Optional<String> given = authorization
                .filter(header -> header.toLowerCase(Locale.ROOT).startsWith(SCHEME))
                .map(header -> header.substring(SCHEME.length()).strip());
        if (given.isEmpty()) {
            return Optional.of(Reply.text(401, "no auth header received"));
        }
        return isRight(given.get()) ? Optional.empty() : Optional.of(Reply.text(401, "not authenticated"));
    }

    /** In a time that tells nothing about how much of it was right. */
    private boolean isRight(String base64) {
        try {
            return MessageDigest.isEqual(
                    Base64.getDecoder().decode(base64),
                    credentials.orElseThrow().getBytes(StandardCharsets.UTF_8));
        } catch (IllegalArgumentException notBase64) {
            return false;
        }
    }

    /** On this host, or a member. */
    boolean isNear(InetAddress from) {
        return from.isLoopbackAddress()
                || cluster.get().map(ClusterView::members).stream()
                        .flatMap(members ->
                                members.stream().map(MemberView::apiUrl).flatMap(Optional::stream))
                        .anyMatch(url -> isAddressOf(url, from));
    }

    private static boolean isAddressOf(String url, InetAddress from) {
        try {
            String host = URI.create(url).getHost();
            return host != null && Arrays.asList(InetAddress.getAllByName(host)).contains(from);
        } catch (IllegalArgumentException | UnknownHostException notAnAddress) {
            return false;
        }
    }
}
