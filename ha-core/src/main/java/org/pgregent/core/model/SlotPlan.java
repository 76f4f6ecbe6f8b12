package org.pgregent.core.model;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The next changes to this node's physical slots. */
public record SlotPlan(List<String> create, List<String> drop, SortedMap<String, Lsn> advance) {

    public SlotPlan {
        create = List.copyOf(create);
        drop = List.copyOf(drop);
        advance = Collections.unmodifiableSortedMap(new TreeMap<>(advance));
    }

    public boolean isEmpty() {
        return create.isEmpty() && drop.isEmpty() && advance.isEmpty();
    }
}
