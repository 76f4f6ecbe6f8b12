package org.pgregent.launcher.rest;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Optional;
import org.pgregent.core.agent.StatusBoard;
import org.pgregent.core.agent.StatusBoard.Pass;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.MemberView;

/** Who may ask for what is not for everybody: callers on this host and the cluster's members, unless all may. */
final class Access {

    private final StatusBoard board;
    private final boolean allowAll;

    /** @param allowAll {@code restapi.allow_unauthenticated} */
    Access(StatusBoard board, boolean allowAll) {
        this.board = board;
        this.allowAll = allowAll;
    }

    boolean mayChange(InetAddress from) {
        return allowAll || mayLook(from);
    }

    boolean mayLook(InetAddress from) {
        return from.isLoopbackAddress() || isMember(from);
    }

    private boolean isMember(InetAddress from) {
        return board.last().map(Pass::cluster).map(ClusterView::members).stream()
                .flatMap(members -> members.stream().map(MemberView::apiUrl).flatMap(Optional::stream))
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
