package org.pgregent.dcs.zookeeper;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.curator.framework.api.CuratorEvent;
import org.apache.curator.framework.api.transaction.CuratorTransactionResult;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.data.Stat;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Version;
import org.pgregent.dcs.spi.WriteResult;

/**
 * Conditional writes of one key: look at it, then write in a transaction that fails if it is no longer as seen. A transaction
 * that failed for that reason did nothing, so looking again is no retry of a write.
 *
 * <p>ZooKeeper compares the version of a node's data only, and that starts at 0 in each life of the node. So that a write meant
 * for one life never hits the next, each creation also writes the parent's data (the same bytes again), and each write checks
 * that the parent's version is the one seen before looking at the key: a node created in between by us shows there. Another
 * program that deletes and creates nodes without this habit is not noticed, if it does so within the moment between look and
 * write and reaches the same version.
 */
final class KeyWriter {

    /** What was seen; a stat is null if there is no such node. */
    private record Seen(Stat parent, byte[] parentData, Stat node) {

        boolean isKey() {
            return node != null && !Nodes.isFolder(node);
        }

        Optional<Version> version() {
            return isKey() ? Optional.of(Nodes.version(node)) : Optional.empty();
        }
    }

    private final Session session;
    private final String key;
    private final Deadline deadline;

    KeyWriter(Session session, String key, Deadline deadline) {
        this.session = session;
        this.key = key;
        this.deadline = deadline;
    }

    WriteResult put(byte[] value, Expect expect, CreateMode mode) throws DcsException, SessionEndedException {
        while (true) {
            Seen seen = look();
            if (!isExpected(seen, expect)) {
                return new WriteResult.Conflict(seen.version());
            }
            Optional<Version> written = write(planPut(seen, value, mode));
            if (written.isPresent()) {
                return new WriteResult.Written(written.get());
            }
        }
    }

    WriteResult delete(Expect expect) throws DcsException, SessionEndedException {
        while (true) {
            Seen seen = look();
            if (!isExpected(seen, expect)) {
                return new WriteResult.Conflict(seen.version());
            }
            if (!seen.isKey()) {
                return new WriteResult.Written(new Version("absent"));
            }
            if (write(planDelete(seen)).isPresent()) {
                return new WriteResult.Written(Nodes.version(seen.node));
            }
        }
    }

    /** The sync brings this server up to date first, or what another client wrote just now would look like a conflict. */
    private Seen look() throws DcsException, SessionEndedException {
        session.awaitConnected(deadline);
        String parent = Nodes.parent(key);
        CompletableFuture<CuratorEvent> sync = session.send(
                (client, answer) -> client.sync().inBackground(answer).forPath(key));
        CompletableFuture<CuratorEvent> parentData = session.send(
                (client, answer) -> client.getData().inBackground(answer).forPath(parent));
        session.read(deadline.await(sync));
        CuratorEvent parentSeen = deadline.await(parentData);
        boolean parentThere = exists(parent, parentSeen);
        // Only now, see the class comment; Curator may hold a request back while the connection changes.
        CuratorEvent nodeSeen = deadline.await(session.send(
                (client, answer) -> client.checkExists().inBackground(answer).forPath(key)));
        boolean nodeThere = exists(key, nodeSeen);
        return new Seen(
                parentThere ? parentSeen.getStat() : null,
                parentThere ? parentSeen.getData() : null,
                nodeThere && parentThere ? nodeSeen.getStat() : null);
    }

    private boolean exists(String path, CuratorEvent event) throws DcsException, SessionEndedException {
        Code code = session.read(event);
        return switch (code) {
            case OK -> true;
            case NONODE -> false;
            case NOAUTH -> throw session.notAllowed(path);
            default -> throw new DcsUnavailableException("ZooKeeper answers " + code + " on reading " + path);
        };
    }

    private static boolean isExpected(Seen seen, Expect expect) {
        if (expect instanceof Expect.Absent) {
            return !seen.isKey();
        }
        if (expect instanceof Expect.At at) {
            return seen.version().equals(Optional.of(at.version()));
        }
        if (expect instanceof Expect.HeldBy by) {
            return seen.isKey()
                    && Nodes.owner(seen.node).equals(Optional.of(by.lease().id()));
        }
        return true;
    }

    private Plan planPut(Seen seen, byte[] value, CreateMode mode) throws DcsException, SessionEndedException {
        Plan plan = new Plan(session.curator());
        String owner = mode == CreateMode.EPHEMERAL ? session.name() : "";
        if (seen.node != null && Nodes.owner(seen.node).orElse("").equals(owner)) {
            return plan.check(Nodes.parent(key), seen.parent.getVersion()).set(key, seen.node.getVersion(), value);
        }
        if (seen.parent == null) {
            missingParents().forEach(missing -> plan.create(missing, CreateMode.PERSISTENT));
        } else {
            plan.set(Nodes.parent(key), seen.parent.getVersion(), seen.parentData);
        }
        if (seen.node != null) {
            // A node cannot change what it hangs on; in one transaction nobody sees it missing.
            plan.delete(key, seen.node.getVersion());
        }
        // The answer to a creation within a transaction does not tell the new version, the answer to a set does.
        return plan.create(key, mode).set(key, 0, value);
    }

    private Plan planDelete(Seen seen) {
        Plan plan = new Plan(session.curator()).check(Nodes.parent(key), seen.parent.getVersion());
        return seen.node.getNumChildren() > 0
                ? plan.set(key, seen.node.getVersion(), new byte[0])
                : plan.delete(key, seen.node.getVersion());
    }

    private List<String> missingParents() throws DcsException, SessionEndedException {
        List<String> all = new ArrayList<>();
        for (int slash = key.indexOf('/', 1); slash > 0; slash = key.indexOf('/', slash + 1)) {
            all.add(key.substring(0, slash));
        }
        List<CompletableFuture<CuratorEvent>> answers = all.stream()
                .map(path -> session.send((client, answer) ->
                        client.checkExists().inBackground(answer).forPath(path)))
                .toList();
        List<String> missing = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            if (!exists(all.get(i), deadline.await(answers.get(i)))) {
                missing.add(all.get(i));
            }
        }
        return missing;
    }

    /** The new version (any, of a deletion); empty if somebody was faster and nothing was written. */
    private Optional<Version> write(Plan plan) throws DcsException, SessionEndedException {
        if (deadline.isOver()) {
            throw new DcsUnavailableException("nothing was written to " + key + " within "
                    + deadline.timeout().toMillis() + " ms");
        }
        CuratorEvent event = deadline.await(session.multi(plan.operations()));
        Code code = session.write(event, deadline);
        return switch (code) {
            case OK -> Optional.of(lastVersion(event.getOpResults()));
            case BADVERSION, NONODE, NODEEXISTS -> Optional.empty();
            case NOTEMPTY -> nowNotEmpty();
            case NOAUTH -> throw session.notAllowed(key);
            case NOCHILDRENFOREPHEMERALS ->
                throw new DcsRefusedException(
                        "ZooKeeper keeps nothing below " + Nodes.parent(key) + ", since that hangs on a lease");
            default -> throw new DcsIndeterminateException("ZooKeeper answers " + code + " on writing " + key);
        };
    }

    private Optional<Version> nowNotEmpty() throws DcsException, SessionEndedException {
        Seen seen = look();
        if (seen.node != null && seen.node.getNumChildren() > 0) {
            throw new DcsRefusedException(key + " has keys below it; in ZooKeeper such a key cannot hang on a lease");
        }
        return Optional.empty();
    }

    private static Version lastVersion(List<CuratorTransactionResult> results) {
        Stat stat = results.get(results.size() - 1).getResultStat();
        return stat == null ? new Version("gone") : Nodes.version(stat);
    }
}
