package org.pgregent.example.table;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Version;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.spi.WriteResult;

/** The store's calls as SQL. Each is one statement, so that no client can stop while it holds a lock; see {@code store.sql}. */
final class TableDcs implements Dcs {

    static final int VALUE_BYTES_MAX = 1 << 20;

    private static final String BELOW = "SELECT path, value, version, lease FROM entry WHERE starts_with(path, ?)";
    private static final String WRITE = "SELECT * FROM write(?, ?, ?, ?::bigint, ?, ?)";
    private static final String GRANT =
            "INSERT INTO entry (path, until) VALUES ('lease:' || gen_random_uuid(), tick() + ?::interval) RETURNING path";
    private static final String RENEW = "SELECT renew(?, ?::interval)";

    private final Calls calls;
    private final Hints hints;

    TableDcs(Sessions sessions) {
        this.calls = new Calls(sessions);
        this.hints = new Hints(sessions, calls);
    }

    @Override
    public DcsSnapshot readAll(String prefix, Duration timeout) throws DcsException {
        long start = System.nanoTime();
        one(timeout, "SELECT tick()", row -> true);
        TreeMap<String, DcsSnapshot.Entry> entries = new TreeMap<>();
        Duration left = timeout.minusNanos(System.nanoTime() - start);
        calls.ask(left, BELOW, row -> entries.put(row.getString(1), entry(row)), prefix + "/");
        return new DcsSnapshot(entries);
    }

    private static DcsSnapshot.Entry entry(ResultSet row) throws SQLException {
        Optional<String> lease = Optional.ofNullable(row.getString(4));
        return new DcsSnapshot.Entry(row.getBytes(2), new Version(row.getString(3)), lease);
    }

    @Override
    public WriteResult put(String key, byte[] value, Expect expect, Optional<Lease> lease, Duration timeout)
            throws DcsException {
        if (value.length > VALUE_BYTES_MAX) {
            throw new DcsRefusedException("the value of " + key + " has " + value.length + " bytes, this store takes "
                    + VALUE_BYTES_MAX + " at most; make it smaller");
        }
        return write(key, value, expect, lease.map(Lease::id).orElse(null), timeout);
    }

    @Override
    public WriteResult delete(String key, Expect expect, Duration timeout) throws DcsException {
        return write(key, null, expect, null, timeout);
    }

    private WriteResult write(
            String key, byte @Nullable [] value, Expect expect, @Nullable String lease, Duration timeout)
            throws DcsException {
        boolean absent = expect instanceof Expect.Absent;
        String at = expect instanceof Expect.At state ? state.version().token() : null;
        String holder = expect instanceof Expect.HeldBy held ? held.lease().id() : null;
        return one(timeout, WRITE, TableDcs::result, key, value, absent, at, holder, lease);
    }

    private <T> T one(Duration timeout, String sql, Calls.Reading<T> reader, @Nullable Object... arguments)
            throws DcsException {
        return calls.ask(timeout, sql, reader, arguments).get(0);
    }

    private static WriteResult result(ResultSet row) throws SQLException {
        Optional<Version> current = Optional.ofNullable(row.getString(2)).map(Version::new);
        return switch (row.getString(1)) {
            case "written" -> new WriteResult.Written(current.orElseThrow());
            case "conflict" -> new WriteResult.Conflict(current);
            default -> new WriteResult.LeaseGone();
        };
    }

    /** The session that listens ends by itself within a few seconds. */
    @Override
    public void close() {
        calls.close();
    }

    /** The slack: a jump of the server's clock counts as one second, and no system corrects its clock faster than by a tenth. */
    @Override
    public Lease grant(Duration ttl, Duration timeout) throws DcsException {
        Duration slack = Duration.ofSeconds(1).plus(ttl.dividedBy(10));
        if (ttl.compareTo(slack.multipliedBy(2)) < 0) {
            throw new DcsRefusedException("a ttl of " + ttl.toMillis() + " ms is too short for this store, which"
                    + " may end it more than a second early; raise ttl to 5 s or more");
        }
        return new Lease(one(timeout, GRANT, row -> row.getString(1), ttl.toString()), ttl, slack);
    }

    @Override
    public boolean renew(Lease lease, Duration timeout) throws DcsException {
        String ttl = lease.ttl().toString();
        return one(timeout, RENEW, row -> row.getBoolean(1), lease.id(), ttl);
    }

    @Override
    public void revoke(Lease lease, Duration timeout) throws DcsException {
        one(timeout, RENEW, row -> row.getBoolean(1), lease.id(), null);
    }

    @Override
    public Watch watch(Set<String> keys, Runnable hint) {
        return hints.add(keys, hint);
    }
}
