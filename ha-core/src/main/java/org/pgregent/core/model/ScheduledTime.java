package org.pgregent.core.model;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A time as people and programs write it: ISO 8601 with or without seconds, {@code T} or a space in the middle, and a zone
 * such as {@code Z}, {@code UTC}, {@code +02}, {@code +0200} or {@code +02:00}.
 *
 * @param zone empty if none was written, and then nobody can tell which moment is meant
 */
public record ScheduledTime(LocalDateTime local, Optional<ZoneOffset> zone) {

    private static final Pattern PARTS =
            Pattern.compile("\\s*(\\d{4}-\\d{2}-\\d{2})[Tt ]+(\\d{2}:\\d{2}(?::\\d{2}(?:[.,]\\d{1,9})?)?)\\s*"
                    + "([Zz]|UTC|utc|GMT|[+-]\\d{2}(?::?\\d{2})?)?\\s*");

    private static final DateTimeFormatter TIME = new DateTimeFormatterBuilder()
            .appendPattern("yyyy-MM-dd'T'HH:mm")
            .optionalStart()
            .appendPattern(":ss")
            .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
            .optionalEnd()
            .toFormatter(Locale.ROOT);

    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ssxxx", Locale.ROOT);
    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSxxx", Locale.ROOT);

    /** Empty if it cannot be understood. */
    public static Optional<ScheduledTime> parse(String text) {
        Matcher m = PARTS.matcher(text);
        if (!m.matches()) {
            return Optional.empty();
        }
        try {
            LocalDateTime local =
                    LocalDateTime.parse(m.group(1) + "T" + m.group(2).replace(',', '.'), TIME);
            return Optional.of(
                    new ScheduledTime(local, Optional.ofNullable(m.group(3)).map(ScheduledTime::zone)));
        } catch (DateTimeException noSuchTime) {
            return Optional.empty();
        }
    }

    private static ZoneOffset zone(String text) {
        return text.startsWith("+") || text.startsWith("-") ? ZoneOffset.of(text) : ZoneOffset.UTC;
    }

    public Optional<Instant> instant() {
        return zone.map(offset -> local.atOffset(offset).toInstant());
    }

    /** As the store's other readers write it, in the zone it was given in: {@code 2037-01-01T00:00:00+00:00}. */
    public String iso() {
        DateTimeFormatter format = local.get(ChronoField.MICRO_OF_SECOND) == 0 ? SECONDS : MICROS;
        return format.format(local.atOffset(zone.orElse(ZoneOffset.UTC)));
    }
}
