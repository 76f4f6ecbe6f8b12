package org.pgregent.dcs.zookeeper;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.apache.curator.framework.api.CuratorEvent;
import org.apache.zookeeper.KeeperException.Code;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.DcsUnavailableException;

/**
 * Reads a whole tree: each level at once, so it takes about one round trip per level. The reads follow a {@link
 * Session#barrier}, and a client never sees its past, not even from another server; so none is older than the barrier.
 */
final class TreeReader {

    private record Node(String path, CompletableFuture<CuratorEvent> data, CompletableFuture<CuratorEvent> children) {}

    private final Session session;
    private final Deadline deadline;
    private final Map<String, DcsSnapshot.Entry> entries = new TreeMap<>();

    TreeReader(Session session, Deadline deadline) {
        this.session = session;
        this.deadline = deadline;
    }

    DcsSnapshot read(String prefix) throws DcsException, SessionEndedException {
        session.awaitConnected(deadline);
        // Answered before the first read is sent: Curator may hold a request back while the connection changes.
        // A refusal of the barrier's own node was agreed on as well; whether ours may be read is said by ours.
        session.read(deadline.await(session.barrier()));
        List<Node> level = nodes(prefix, deadline.await(children(prefix)));
        while (!level.isEmpty()) {
            List<Node> next = new ArrayList<>();
            for (Node node : level) {
                CuratorEvent data = deadline.await(node.data);
                if (found(node.path, data)) {
                    note(node.path, data);
                    next.addAll(nodes(node.path, deadline.await(node.children)));
                }
            }
            level = next;
        }
        return new DcsSnapshot(new TreeMap<>(entries));
    }

    private List<Node> nodes(String parent, CuratorEvent answer) throws DcsException, SessionEndedException {
        if (!found(parent, answer)) {
            return List.of();
        }
        return answer.getChildren().stream()
                .map(name -> parent + "/" + name)
                .map(path -> new Node(path, data(path), children(path)))
                .toList();
    }

    private CompletableFuture<CuratorEvent> data(String path) {
        return session.send(
                (client, answer) -> client.getData().inBackground(answer).forPath(path));
    }

    private CompletableFuture<CuratorEvent> children(String path) {
        return session.send(
                (client, answer) -> client.getChildren().inBackground(answer).forPath(path));
    }

    private boolean found(String path, CuratorEvent event) throws DcsException, SessionEndedException {
        Code code = session.read(event);
        return switch (code) {
            case OK -> true;
            case NONODE -> false;
            case NOAUTH -> throw session.notAllowed(path);
            default -> throw new DcsUnavailableException("ZooKeeper answers " + code + " on reading " + path);
        };
    }

    private void note(String path, CuratorEvent event) {
        if (!Nodes.isFolder(event.getStat())) {
            entries.put(
                    path,
                    new DcsSnapshot.Entry(
                            event.getData(), Nodes.version(event.getStat()), Nodes.owner(event.getStat())));
        }
    }
}
