package org.pgregent.core.model;

/** PostgreSQL's "Database system identifier": two data folders with different ones never belong to one cluster. */
public record SystemId(String value) {

    public SystemId {
        if (!isValid(value)) {
            throw new IllegalArgumentException("not a system identifier: '" + value + "'");
        }
    }

    /** All digits and at least ten of them. */
    public static boolean isValid(String text) {
        return text.length() >= 10 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    @Override
    public String toString() {
        return value;
    }
}
