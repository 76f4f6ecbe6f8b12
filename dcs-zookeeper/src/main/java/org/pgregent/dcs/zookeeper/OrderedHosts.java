package org.pgregent.dcs.zookeeper;

import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.zookeeper.client.HostProvider;

/** The servers in the order they are to be tried, round and round. ZooKeeper's own provider shuffles them. */
final class OrderedHosts implements HostProvider {

    private final List<HostPort> hosts;
    private final Consumer<HostPort> beforeConnect;
    private int next;
    private int triedSinceConnected;

    /** @param beforeConnect called with each server that is about to be tried, on ZooKeeper's thread for that */
    OrderedHosts(List<HostPort> hosts, Consumer<HostPort> beforeConnect) {
        this.hosts = List.copyOf(hosts);
        this.beforeConnect = beforeConnect;
    }

    @Override
    public int size() {
        return hosts.size();
    }

    /** Looks the name up anew each time, since addresses change. After a whole round it waits, or a dead ensemble would be stormed. */
    @Override
    public InetSocketAddress next(long spinDelayMs) {
        HostPort host;
        boolean roundOver;
        synchronized (this) {
            host = hosts.get(next);
            next = (next + 1) % hosts.size();
            roundOver = triedSinceConnected > 0 && triedSinceConnected % hosts.size() == 0;
            triedSinceConnected++;
        }
        if (roundOver && spinDelayMs > 0) {
            try {
                TimeUnit.MILLISECONDS.sleep(spinDelayMs);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        beforeConnect.accept(host);
        return host.resolve();
    }

    @Override
    public synchronized void onConnected() {
        triedSinceConnected = 0;
    }

    /** The list is fixed for the life of a connection. */
    @Override
    public boolean updateServerList(Collection<InetSocketAddress> servers, InetSocketAddress current) {
        return false;
    }

    /** As ZooKeeper writes a list of servers. */
    @Override
    public String toString() {
        return String.join(",", hosts.stream().map(HostPort::toString).toList());
    }
}
