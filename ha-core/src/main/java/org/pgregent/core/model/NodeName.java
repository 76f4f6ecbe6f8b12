package org.pgregent.core.model;

/** The unique name of a node in its cluster. */
public record NodeName(String value) implements Comparable<NodeName> {

    public NodeName {
        if (value.isEmpty() || value.indexOf('/') >= 0) {
            throw new IllegalArgumentException("a node name must be non-empty and free of '/', is '" + value + "'");
        }
    }

    /** The replication slot that another node keeps for this one: PostgreSQL allows a-z, 0-9 and _ in 63 characters. */
    public String slotName() {
        StringBuilder slot = new StringBuilder();
        for (char c : value.toLowerCase(java.util.Locale.ROOT).toCharArray()) {
            if (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_') {
                slot.append(c);
            } else if (c == '-' || c == '.') {
                slot.append('_');
            } else {
                slot.append(String.format("u%04d", (int) c));
            }
        }
        return slot.length() > 63 ? slot.substring(0, 63) : slot.toString();
    }

    @Override
    public int compareTo(NodeName other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
