package org.pgregent.core.model;

/** A node to stream from. */
public record Upstream(NodeName name, String host, int port, String database) {}
