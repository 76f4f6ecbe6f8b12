package org.pgregent.core.rules;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Times as the store's readers know them: {@code 2026-11-21T03:29:42.720806+00:00}. */
final class PythonTime {

    private static final DateTimeFormatter ISO = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSxxx");

    private PythonTime() {}

    static String iso(Instant instant) {
        return ISO.format(instant.atOffset(ZoneOffset.UTC));
    }
}
