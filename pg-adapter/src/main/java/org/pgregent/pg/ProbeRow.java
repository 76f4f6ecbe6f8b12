package org.pgregent.pg;

import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.PostgresView.Replica;
import org.pgregent.core.model.PostgresView.Slot;
import org.pgregent.core.model.PostgresView.Wal;
import org.pgregent.core.model.Role;
import org.pgregent.core.model.Timeline;

/** What the server tells of itself in one query. */
record ProbeRow(
        Role role,
        Wal wal,
        Optional<String> receiverStatus,
        String conninfo,
        String restoreCommand,
        Instant started,
        int version,
        List<Replica> replicas,
        List<Slot> slots,
        List<Setting> settings) {

    /**
     * @param setting in pg_settings' words
     * @param shown in people's
     */
    record Setting(String name, String setting, String shown, boolean pendingRestart) {}

    /**
     * The settings come for the names given as the one parameter, and for all that wait for a restart.
     *
     * <p>A function that fits one role only is called in a CASE that asked for the role before; a promotion in between
     * cannot turn a primary into a standby.
     */
    static String sql(int major) {
        String lost = PgVersions.WAL_STATUS_OF_SLOTS.isIn(major) ? "coalesce(wal_status = 'lost', false)" : "false";
        return """
                SELECT s.standby,
                       CASE WHEN s.standby THEN NULL ELSE pg_current_wal_flush_lsn() END::text AS written,
                       CASE WHEN s.standby THEN NULL ELSE
                         ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END AS own_timeline,
                       pg_last_wal_receive_lsn()::text AS received,
                       pg_last_wal_replay_lsn()::text AS replayed,
                       pg_last_xact_replay_timestamp() AS replay_time,
                       CASE WHEN s.standby THEN pg_is_wal_replay_paused() ELSE false END AS paused,
                       w.status, w.received_tli, w.latest_end_lsn::text AS latest_end,
                       r.min_recovery_end_timeline, c.timeline_id,
                       pg_postmaster_start_time() AS started,
                       current_setting('server_version_num')::int AS version,
                       current_setting('primary_conninfo') AS conninfo,
                       current_setting('restore_command') AS restore_command,
                       (SELECT array_agg(ARRAY[usename::text, application_name, host(client_addr), state, sync_state,
                               sync_priority::text, flush_lsn::text]) FROM pg_stat_replication) AS replicas,
                       (SELECT array_agg(ARRAY[slot_name::text, slot_type, active::text, restart_lsn::text,
                               (xmin IS NOT NULL OR catalog_xmin IS NOT NULL)::text, (LOST)::text, temporary::text])
                          FROM pg_replication_slots) AS slots,
                       (SELECT array_agg(ARRAY[name, setting, current_setting(name), pending_restart::text])
                          FROM pg_settings WHERE pending_restart OR name = ANY (?)) AS settings
                  FROM (SELECT pg_is_in_recovery() AS standby OFFSET 0) s
                       CROSS JOIN pg_control_recovery() r CROSS JOIN pg_control_checkpoint() c
                       LEFT JOIN pg_stat_wal_receiver w ON true
                """.replace("LOST", lost);
    }

    static ProbeRow read(ResultSet row) throws SQLException {
        boolean standby = row.getBoolean("standby");
        return new ProbeRow(
                standby ? Role.REPLICA : Role.PRIMARY,
                standby
                        ? replicaWal(row)
                        : Wal.ofPrimary(Lsn.parse(row.getString("written")), new Timeline(row.getLong("own_timeline"))),
                Optional.ofNullable(row.getString("status")),
                row.getString("conninfo"),
                row.getString("restore_command"),
                row.getTimestamp("started").toInstant(),
                row.getInt("version"),
                replicas(row.getArray("replicas")),
                slots(row.getArray("slots")),
                settings(row.getArray("settings")));
    }

    private static Wal replicaWal(ResultSet row) throws SQLException {
        // The receiver knows best; without one pg_control tells, behind by what was replayed since it was last written.
        long timeline = Math.max(
                row.getLong("received_tli"),
                Math.max(row.getLong("min_recovery_end_timeline"), row.getLong("timeline_id")));
        return new Wal(
                Optional.empty(),
                lsn(row.getString("received")),
                lsn(row.getString("replayed")),
                Optional.of(new Timeline(timeline)),
                Optional.ofNullable(row.getTimestamp("replay_time")).map(Timestamp::toInstant),
                row.getBoolean("paused"),
                lsn(row.getString("latest_end")));
    }

    private static List<Replica> replicas(Array array) throws SQLException {
        List<Replica> replicas = new ArrayList<>();
        for (String[] row : rows(array)) {
            replicas.add(new Replica(
                    text(row[0]),
                    text(row[1]),
                    text(row[2]),
                    text(row[3]),
                    text(row[4]),
                    row[5] == null ? 0 : Integer.parseInt(row[5]),
                    lsn(row[6])));
        }
        return replicas;
    }

    private static List<Slot> slots(Array array) throws SQLException {
        List<Slot> slots = new ArrayList<>();
        for (String[] row : rows(array)) {
            slots.add(new Slot(
                    row[0],
                    "physical".equals(row[1]),
                    yes(row[2]),
                    lsn(row[3]),
                    yes(row[4]),
                    yes(row[5]),
                    yes(row[6])));
        }
        return slots;
    }

    private static List<Setting> settings(Array array) throws SQLException {
        List<Setting> settings = new ArrayList<>();
        for (String[] row : rows(array)) {
            settings.add(new Setting(row[0], text(row[1]), text(row[2]), yes(row[3])));
        }
        return settings;
    }

    private static String[][] rows(Array array) throws SQLException {
        return array == null ? new String[0][] : (String[][]) array.getArray();
    }

    private static Optional<Lsn> lsn(String text) {
        return Optional.ofNullable(text).map(Lsn::parse);
    }

    private static boolean yes(String text) {
        return "true".equals(text) || "t".equals(text);
    }

    private static String text(String text) {
        return text == null ? "" : text;
    }
}
