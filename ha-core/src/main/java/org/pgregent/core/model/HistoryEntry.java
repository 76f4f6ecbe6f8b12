package org.pgregent.core.model;

import java.util.Optional;

/** A line of the cluster's history: the timeline that ended, where, why, when, and who led next. */
public record HistoryEntry(
        Timeline timeline, Lsn switchPoint, String reason, Optional<String> timestamp, Optional<String> newLeader) {}
