package org.pgregent.core.sim;

import java.util.ArrayDeque;
import java.util.List;

/** What happened, in lines one can read, and a hash over all of them to tell one course of events from another. */
final class Trace {

    private static final int KEPT = 400;
    private final ArrayDeque<String> lines = new ArrayDeque<>();
    private final Scheduler scheduler;
    private final boolean keepAll;
    private long hash = 0xcbf29ce484222325L;

    Trace(Scheduler scheduler, boolean keepAll) {
        this.scheduler = scheduler;
        this.keepAll = keepAll;
    }

    void add(String who, String what) {
        long millis = scheduler.now() / 1_000_000;
        StringBuilder line = new StringBuilder(80).append('[');
        String seconds = Long.toString(millis / 1000);
        line.append(" ".repeat(Math.max(0, 4 - seconds.length())))
                .append(seconds)
                .append('.');
        long rest = millis % 1000;
        line.append(rest < 100 ? "0" : "")
                .append(rest < 10 ? "0" : "")
                .append(rest)
                .append("s] ");
        line.append(who).append(" ".repeat(Math.max(1, 6 - who.length()))).append(what);
        for (int i = 0; i < line.length(); i++) {
            hash = (hash ^ line.charAt(i)) * 0x100000001b3L;
        }
        hash = (hash ^ scheduler.now()) * 0x100000001b3L;
        lines.addLast(line.toString());
        if (!keepAll && lines.size() > KEPT) {
            lines.removeFirst();
        }
    }

    long hash() {
        return hash;
    }

    /** All lines, or the last ones. */
    List<String> lines() {
        return List.copyOf(lines);
    }
}
