package org.pgregent.core.model;

/** A branch of the cluster's history; every promotion starts the next one. */
public record Timeline(long number) implements Comparable<Timeline> {

    public Timeline {
        if (number < 1) {
            throw new IllegalArgumentException("timelines count from 1, not " + number);
        }
    }

    @Override
    public int compareTo(Timeline other) {
        return Long.compare(number, other.number);
    }

    public boolean isBefore(Timeline other) {
        return compareTo(other) < 0;
    }

    @Override
    public String toString() {
        return Long.toString(number);
    }
}
