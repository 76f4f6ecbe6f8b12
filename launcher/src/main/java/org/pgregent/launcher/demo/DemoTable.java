package org.pgregent.launcher.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Lays out what is known of the members. Pure. */
final class DemoTable {

    private static final String FORMAT = "  %-7s %-8s %-17s %3s %8s  %s";

    private DemoTable() {}

    /** One line; whatever is unknown stands there as a dash. */
    record Row(String member, String role, String state, String timeline, String lag, String because) {
        static Row silent(String member) {
            return new Row(member, "-", "no answer", "-", "-", "its agent does not answer");
        }
    }

    /** @param width of the terminal; longer lines are cut */
    static List<String> render(List<Row> rows, int width) {
        List<String> lines = new ArrayList<>();
        lines.add(cut(
                String.format(Locale.ROOT, FORMAT, "member", "role", "state", "tl", "lag", "last decision, and why"),
                width));
        for (Row row : rows) {
            lines.add(cut(
                    String.format(
                            Locale.ROOT,
                            FORMAT,
                            row.member(),
                            row.role(),
                            row.state(),
                            row.timeline(),
                            row.lag(),
                            row.because()),
                    width));
        }
        return lines;
    }

    private static String cut(String line, int width) {
        return line.length() <= width ? line.stripTrailing() : line.substring(0, Math.max(1, width - 1)) + "…";
    }
}
