package org.pgregent.launcher.demo;

import java.nio.file.Path;

/** A member of a {@link LocalCluster}: its name, its folder and its ports. */
public record LocalNode(int number, String name, Path folder, int postgresPort, int restPort, QuorumPorts quorum) {

    /** For the agreement among the servers, for their votes, and for clients. */
    public record QuorumPorts(int peer, int election, int client) {}

    public Path dataDir() {
        return folder.resolve("data");
    }

    public Path stateDir() {
        return folder.resolve("state");
    }

    public Path configFile() {
        return folder.resolve("config.yml");
    }

    public Path log() {
        return folder.resolve("agent.log");
    }

    public String url(String path) {
        return "http://127.0.0.1:" + restPort + path;
    }
}
