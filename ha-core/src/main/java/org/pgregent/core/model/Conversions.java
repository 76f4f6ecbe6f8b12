package org.pgregent.core.model;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** PostgreSQL's ways of writing booleans and numbers, as configuration values come in. */
public final class Conversions {

    private static final Pattern NUMBER = Pattern.compile(
            "\\s*([+-]?(?:0[xX][0-9a-fA-F]+|[0-9]*\\.?[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+\\.))\\s*([A-Za-z]*)\\s*");

    private static final Map<String, Long> BYTES =
            Map.of("B", 1L, "kB", 1L << 10, "MB", 1L << 20, "GB", 1L << 30, "TB", 1L << 40);

    private static final Map<String, Long> MICROS = Map.of(
            "us", 1L, "ms", 1_000L, "s", 1_000_000L, "min", 60_000_000L, "h", 3_600_000_000L, "d", 86_400_000_000L);

    private Conversions() {}

    /** on/true/yes/1 and off/false/no/0 in any case; anything else is none. */
    public static Optional<Boolean> bool(Object value) {
        return switch (value.toString().toLowerCase(Locale.ROOT)) {
            case "on", "true", "yes", "1" -> Optional.of(true);
            case "off", "false", "no", "0" -> Optional.of(false);
            default -> Optional.empty();
        };
    }

    /**
     * An integer in PostgreSQL's notation, rounded, in units of {@code baseUnit}; a unit without a base unit, or one of
     * another kind, is none.
     *
     * @param baseUnit empty, or such as {@code kB}, {@code 8kB}, {@code ms}
     */
    public static Optional<Long> integer(Object value, String baseUnit) {
        Matcher m = NUMBER.matcher(value.toString());
        if (!m.matches()) {
            return Optional.empty();
        }
        String unit = m.group(2);
        try {
            BigDecimal number = parse(m.group(1));
            if (Math.abs((long) number.scale()) > SCALE_MAX) {
                // 1e400000000 has few digits, and rounding it would take minutes.
                return Optional.empty();
            }
            if (!unit.isEmpty()) {
                Optional<BigDecimal> factor = factor(unit, baseUnit);
                if (factor.isEmpty()) {
                    return Optional.empty();
                }
                number = number.multiply(factor.get());
            }
            return Optional.of(number.setScale(0, RoundingMode.HALF_EVEN).longValueExact());
        } catch (ArithmeticException | NumberFormatException notANumber) {
            return Optional.empty();
        }
    }

    private static final int SCALE_MAX = 400;

    private static BigDecimal parse(String digits) {
        String sign = digits.startsWith("-") ? "-" : "";
        String bare = digits.startsWith("-") || digits.startsWith("+") ? digits.substring(1) : digits;
        if (bare.startsWith("0x") || bare.startsWith("0X")) {
            return new BigDecimal(Long.parseLong(sign + bare.substring(2), 16));
        }
        if (bare.length() > 1 && bare.startsWith("0") && bare.chars().allMatch(c -> c >= '0' && c <= '7')) {
            return new BigDecimal(Long.parseLong(sign + bare, 8));
        }
        return new BigDecimal(sign + bare);
    }

    private static Optional<BigDecimal> factor(String unit, String baseUnit) {
        int digits = 0;
        while (digits < baseUnit.length() && Character.isDigit(baseUnit.charAt(digits))) {
            digits++;
        }
        long multiple = digits == 0 ? 1 : Long.parseLong(baseUnit.substring(0, digits));
        String base = baseUnit.substring(digits);
        for (Map<String, Long> units : java.util.List.of(BYTES, MICROS)) {
            if (units.containsKey(unit) && units.containsKey(base)) {
                return Optional.of(new BigDecimal(units.get(unit))
                        .divide(new BigDecimal(units.get(base) * multiple), 12, RoundingMode.HALF_EVEN));
            }
        }
        return Optional.empty();
    }
}
