package org.pgregent.core.sim;

/**
 * One primary's life in the true history of the WAL. Two promotions may choose the same timeline number, so the number alone
 * does not tell branches apart; this object does.
 *
 * @param start where it left its parent
 */
record Branch(int id, long timeline, Branch parent, long start) {

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return id;
    }

    /** A position on a branch. */
    record Point(Branch branch, long lsn) {

        /** Whether the WAL up to here is a beginning of the WAL up to there. */
        boolean isPrefixOf(Point other) {
            long limit = other.lsn;
            for (Branch b = other.branch; b != null; b = b.parent) {
                if (b == branch) {
                    return lsn <= limit;
                }
                limit = Math.min(limit, b.start);
            }
            return false;
        }

        @Override
        public String toString() {
            return branch.timeline + "@" + Long.toHexString(lsn) + "#" + branch.id;
        }
    }
}
