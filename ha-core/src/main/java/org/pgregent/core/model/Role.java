package org.pgregent.core.model;

/** What a running PostgreSQL is, seen from within: in recovery or not. */
public enum Role {
    PRIMARY,
    REPLICA
}
