package org.pgregent.pg;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.PostgresView.Control;
import org.pgregent.core.model.PostgresView.HistoryLine;
import org.pgregent.core.model.TaskView.Divergence;
import org.pgregent.core.model.Timeline;
import org.pgregent.core.model.Upstream;
import org.pgregent.core.port.PostgresException;
import org.pgregent.pg.PgConfig.HostPort;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether this node's WAL left the path of the leader's timeline. */
final class TimelineCheck {

    private static final Logger LOG = LoggerFactory.getLogger(TimelineCheck.class);
    private static final Duration ONE_ANSWER = Duration.ofSeconds(10);

    private final PgConfig config;
    private final Connections connections;
    private final ControlData controlData;
    private final WalRecords records;

    TimelineCheck(PgConfig config, Connections connections, ControlData controlData, WalRecords records) {
        this.config = config;
        this.connections = connections;
        this.controlData = controlData;
        this.records = records;
    }

    /**
     * Where a node's WAL is.
     *
     * @param end of a former primary: where its last record, the shutdown checkpoint at {@code lsn}, ends
     */
    record Position(Timeline timeline, Lsn lsn, Optional<Lsn> end) {}

    Divergence compare(boolean running, Upstream leader, Deadline deadline)
            throws PostgresException, InterruptedException {
        Optional<Position> local = running ? Optional.of(ownPosition(deadline)) : stopped(deadline);
        if (local.isEmpty()) {
            return Divergence.UNKNOWN;
        }
        Position mine = local.get();
        Deadline limit = deadline.atMost(ONE_ANSWER);
        try (Connection connection = connections.replication(new HostPort(leader.host(), leader.port()), limit);
                Statement statement = connection.createStatement()) {
            Connections.limit(connection, limit);
            return compare(mine, statement, leader, deadline);
        } catch (SQLException e) {
            throw Connections.failure("cannot compare timelines with " + leader.name(), e);
        }
    }

    private Divergence compare(Position mine, Statement statement, Upstream leader, Deadline deadline)
            throws SQLException, PostgresException, InterruptedException {
        if (inRecovery(statement)) {
            LOG.info("cannot compare timelines: {} is in recovery itself", leader.name());
            return Divergence.UNKNOWN;
        }
        String systemId;
        Timeline timeline;
        try (ResultSet row = statement.executeQuery("IDENTIFY_SYSTEM")) {
            row.next();
            systemId = row.getString("systemid");
            timeline = new Timeline(row.getLong("timeline"));
        }
        String own = controlData.read(deadline).systemId().value();
        if (!own.equals(systemId)) {
            throw new PostgresException(leader.name() + " has the system identifier " + systemId + ", this node " + own
                    + ": they do not belong to one cluster");
        }
        List<HistoryLine> history = timeline.compareTo(mine.timeline()) <= 0 ? List.of() : history(statement, timeline);
        Divergence found = judge(mine, timeline, history);
        LOG.info(
                "this node is at {} of timeline {}, {} at timeline {}: {}",
                mine.lsn(),
                mine.timeline(),
                leader.name(),
                timeline,
                found);
        return found;
    }

    /** The rule itself. */
    static Divergence judge(Position mine, Timeline leader, List<HistoryLine> leaderHistory) {
        if (leader.equals(mine.timeline())) {
            return Divergence.NONE;
        }
        if (leader.isBefore(mine.timeline())) {
            return Divergence.DIVERGED;
        }
        Optional<Lsn> switchPoint = Timelines.switchPoint(leaderHistory, mine.timeline());
        if (switchPoint.isEmpty()) {
            return Divergence.DIVERGED;
        }
        boolean beyond = mine.end().isPresent()
                // Of a primary that was shut down the checkpoint itself must be what the leader saw last.
                ? mine.lsn().compareTo(switchPoint.get()) >= 0 || !mine.end().equals(switchPoint)
                : mine.lsn().isAfter(switchPoint.get());
        return beyond ? Divergence.DIVERGED : Divergence.NONE;
    }

    private static boolean inRecovery(Statement statement) throws SQLException {
        // A connection of the replication protocol takes no SELECT, but it takes SHOW; in recovery every transaction
        // only reads.
        try (ResultSet row = statement.executeQuery("SHOW transaction_read_only")) {
            row.next();
            return "on".equals(row.getString(1));
        }
    }

    private static List<HistoryLine> history(Statement statement, Timeline timeline) throws SQLException {
        try (ResultSet row = statement.executeQuery("TIMELINE_HISTORY " + timeline)) {
            row.next();
            return Timelines.parse(content(row));
        }
    }

    /** The column is called bytea in some versions and text in others, and holds the same in both. */
    private static String content(ResultSet row) throws SQLException {
        String text = row.getString(2);
        return text.startsWith("\\x") ? new String(row.getBytes(2), StandardCharsets.UTF_8) : text;
    }

    /** The replication protocol tells the timeline really replayed; pg_control would tell it late. */
    Position ownPosition(Deadline deadline) throws PostgresException {
        Deadline limit = deadline.atMost(ONE_ANSWER);
        try (Connection connection = connections.replication(config.network().local(), limit);
                Statement statement = connection.createStatement()) {
            Connections.limit(connection, limit);
            try (ResultSet row = statement.executeQuery("IDENTIFY_SYSTEM")) {
                row.next();
                return new Position(
                        new Timeline(row.getLong("timeline")), Lsn.parse(row.getString("xlogpos")), Optional.empty());
            }
        } catch (SQLException e) {
            throw Connections.failure(
                    "cannot ask this node's own PostgreSQL for its timeline (as user "
                            + config.authentication().replication().username()
                            + ": pg_hba.conf must let it in for replication)",
                    e);
        }
    }

    private Optional<Position> stopped(Deadline deadline) throws PostgresException, InterruptedException {
        ControlData.Listing listing = controlData.listing(deadline, Duration.ZERO);
        Control control = listing.control();
        switch (control.state()) {
            case "shut down":
                Lsn end = records.endOf(control.timeline(), control.checkpoint(), listing, deadline);
                return Optional.of(new Position(control.timeline(), control.checkpoint(), Optional.of(end)));
            case "shut down in recovery", "in archive recovery":
                if (control.minRecoveryEnd().isPresent()
                        && control.minRecoveryTimeline().isPresent()) {
                    return Optional.of(new Position(
                            control.minRecoveryTimeline().get(),
                            control.minRecoveryEnd().get(),
                            Optional.empty()));
                }
                return Optional.empty();
            default:
                LOG.info("cannot compare timelines: the folder is '{}'", control.state());
                return Optional.empty();
        }
    }
}
