package org.pgregent.launcher;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.pgregent.launcher.config.Document;
import org.slf4j.LoggerFactory;

/** Sets what is logged. A program that brings its own logging, as one that embeds an agent may, is left alone. */
final class LogLevels {

    private static final String OURS = "org.pgregent";

    /** Empty for a logger that had none of its own. */
    private final Map<String, Optional<Level>> before = new HashMap<>();

    /** Levels that are not in the document any more go back to what they were. */
    void apply(Document document) {
        Map<String, String> wanted = new HashMap<>();
        document.at(java.util.List.of("log", "level"))
                .ifPresent(level -> wanted.put(org.slf4j.Logger.ROOT_LOGGER_NAME, String.valueOf(level)));
        document.at(java.util.List.of("log", "loggers")).ifPresent(loggers -> {
            if (loggers instanceof Map<?, ?> map) {
                map.forEach((name, level) -> wanted.put(ourName(String.valueOf(name)), String.valueOf(level)));
            }
        });
        Set<String> names = new HashSet<>(before.keySet());
        names.addAll(wanted.keySet());
        for (String name : names) {
            logger(name).ifPresent(logger -> {
                before.putIfAbsent(name, Optional.ofNullable(logger.getLevel()));
                String level = wanted.get(name);
                logger.setLevel(level == null ? before.get(name).orElse(null) : level(level));
            });
        }
    }

    private static Optional<Logger> logger(String name) {
        return LoggerFactory.getLogger(name) instanceof Logger logger ? Optional.of(logger) : Optional.empty();
    }

    /** What Patroni's files call patroni is this program. */
    private static String ourName(String name) {
        return name.equals("patroni") ? OURS : name;
    }

    private static Level level(String name) {
        return switch (name.toUpperCase(Locale.ROOT)) {
            case "WARNING" -> Level.WARN;
            case "FATAL", "CRITICAL" -> Level.ERROR;
            default -> Level.toLevel(name, Level.INFO);
        };
    }
}
