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
        return other instanceof Branch branch && branch.id == id;
    }

    @Override
    public int hashCode() {
        return id;
    }

    /** Where the timeline with this number began, if it is part of this branch's history. */
    java.util.Optional<Branch> beginningOf(long number) {
        java.util.Optional<Branch> found = java.util.Optional.empty();
        for (Branch b = this; b != null; b = b.parent) {
            if (b.timeline == number) {
                found = java.util.Optional.of(b);
            }
        }
        return found;
    }

    /**
     * Whether both have a timeline of the same number that began apart: the number was given twice. pg_rewind cannot tell
     * such timelines apart, so only a new copy of the data helps, and that is for a person to order.
     */
    boolean isTwinOf(Branch other) {
        for (Branch b = this; b != null; b = b.parent) {
            java.util.Optional<Branch> mine = beginningOf(b.timeline);
            java.util.Optional<Branch> theirs = other.beginningOf(b.timeline);
            if (theirs.isPresent() && !theirs.equals(mine)) {
                return true;
            }
        }
        return false;
    }

    /** A position on a branch. */
    record Point(Branch branch, long lsn) {

        /** Whether the WAL up to here is a beginning of the WAL up to there. */
        boolean isPrefixOf(Point other) {
            long limit = other.lsn;
            for (Branch b = other.branch; b != null; b = b.parent) {
                if (b.equals(branch)) {
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
