package org.pgregent.core.model;

/** The kinds of long work, each with the words an operator sees. */
public enum TaskKind {
    INITDB("initializing a new cluster"),
    START_PRIMARY("starting as primary"),
    START_REPLICA("starting as a secondary"),
    FOLLOW("changing primary_conninfo"),
    STOP("stopping PostgreSQL"),
    PROMOTE("promote"),
    CLONE("bootstrap from leader"),
    CHECK_DIVERGENCE("comparing timelines with the leader"),
    REWIND("running pg_rewind"),
    CHECKPOINT("checkpoint"),
    CRASH_RECOVERY("doing crash recovery in a single user mode"),
    SET_ASIDE("setting the data directory aside"),
    REMOVE_DATA("removing the data directory");

    private final String words;

    TaskKind(String words) {
        this.words = words;
    }

    public String words() {
        return words;
    }

    /** Whether the data folder is worked on by a program that lets no client in, so that what runs there takes no writes. */
    public boolean letsNobodyIn() {
        return switch (this) {
            case INITDB, CLONE, REWIND, CRASH_RECOVERY, SET_ASIDE, REMOVE_DATA -> true;
            default -> false;
        };
    }

    /** Whether PostgreSQL may take writes while, or because, this task runs. */
    public boolean makesWritable() {
        return this == START_PRIMARY || this == PROMOTE;
    }
}
