package org.pgregent.dcs.spi;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * What a provider gets to open a connection.
 *
 * @param section the name of the configuration section, for messages
 * @param settings the section's content as read from YAML: maps, lists, strings, numbers, booleans
 * @param nodeName the unique name of this node
 * @param stateDir a private folder (mode 0700) the provider may keep small files in, kept across restarts of the agent
 * @param ttl the lease time the caller is going to ask for
 */
public record DcsConfig(String section, Map<String, Object> settings, String nodeName, Path stateDir, Duration ttl) {

    public DcsConfig {
        requireNonNull(section, "section");
        settings = Map.copyOf(settings);
        requireNonNull(nodeName, "nodeName");
        requireNonNull(stateDir, "stateDir");
        requireNonNull(ttl, "ttl");
    }
}
