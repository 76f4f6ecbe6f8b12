package org.pgregent.dcs.testkit;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;

/**
 * Servers in Docker, in a network of their own, each reached at a port of this machine. Freezing is Docker's own pause; a restart
 * would give the ports of this machine away, so no such ability can be declared. Needs Testcontainers on the class path, which the
 * rest of this kit does not.
 */
public abstract class ContainerFixture implements DcsFixture {

    private final int port;
    private final Network network = Network.newNetwork();
    private final List<GenericContainer<?>> servers = new ArrayList<>();

    /** @param port where a server listens for clients, in its container */
    protected ContainerFixture(int port) {
        this.port = port;
    }

    /** Whether this server says that it leads; false if it says nothing. */
    protected abstract boolean leads(GenericContainer<?> server) throws Exception;

    /** @param alias its name among the others */
    protected final void add(String alias, GenericContainer<?> server) {
        servers.add(server.withNetwork(network).withNetworkAliases(alias).withExposedPorts(port));
    }

    protected final void startAll() {
        servers.parallelStream().forEach(GenericContainer::start);
    }

    /** Of all that run, as host:port of this machine. */
    protected final List<String> addresses() {
        return servers.stream()
                .filter(GenericContainer::isRunning)
                .map(this::address)
                .toList();
    }

    protected final String address(GenericContainer<?> server) {
        return server.getHost() + ":" + server.getMappedPort(port);
    }

    @Override
    public Duration recoveryTime() {
        return Duration.ofSeconds(60);
    }

    @Override
    public void freeze() {
        for (GenericContainer<?> server : servers) {
            server.getDockerClient().pauseContainerCmd(server.getContainerId()).exec();
        }
    }

    @Override
    public void thaw() {
        for (GenericContainer<?> server : servers) {
            server.getDockerClient()
                    .unpauseContainerCmd(server.getContainerId())
                    .exec();
        }
    }

    /** SIGKILL, to whichever leads. */
    final void killTheLeadingServer() throws Exception {
        GenericContainer<?> leading = leading();
        leading.getDockerClient().killContainerCmd(leading.getContainerId()).exec();
    }

    private GenericContainer<?> leading() throws Exception {
        long end = System.nanoTime() + recoveryTime().toNanos();
        while (System.nanoTime() - end < 0) {
            for (GenericContainer<?> server : servers) {
                if (leads(server)) {
                    return server;
                }
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
        throw new IllegalStateException("none of the servers leads");
    }

    @Override
    public void close() throws IOException {
        servers.forEach(GenericContainer::stop);
        network.close();
    }
}
