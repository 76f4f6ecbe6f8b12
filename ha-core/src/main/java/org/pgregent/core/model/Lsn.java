package org.pgregent.core.model;

import java.util.Locale;

/** A position in the write-ahead log, in bytes. */
public record Lsn(long bytes) implements Comparable<Lsn> {

    public static final Lsn ZERO = new Lsn(0);

    /** Reads PostgreSQL's form {@code X/Y}. */
    public static Lsn parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 1) {
            throw new IllegalArgumentException("not a WAL position: '" + text + "'");
        }
        return new Lsn(
                Long.parseLong(text.substring(0, slash), 16) << 32 | Long.parseLong(text.substring(slash + 1), 16));
    }

    public boolean isZero() {
        return bytes == 0;
    }

    public boolean isAfter(Lsn other) {
        return compareTo(other) > 0;
    }

    public static Lsn max(Lsn a, Lsn b) {
        return a.compareTo(b) >= 0 ? a : b;
    }

    /** How many bytes this position lies behind the other one; zero if it does not. */
    public long behind(Lsn other) {
        return Math.max(0, other.bytes - bytes);
    }

    @Override
    public int compareTo(Lsn other) {
        return Long.compareUnsigned(bytes, other.bytes);
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%X/%X", bytes >>> 32, bytes & 0xFFFFFFFFL);
    }
}
