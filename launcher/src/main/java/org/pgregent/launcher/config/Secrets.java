package org.pgregent.launcher.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** What must not be shown: by the schema, by the name of a key, and by what stands within commands and URLs. */
public final class Secrets {

    static final String HIDDEN = "(hidden)";

    private static final Pattern NAME =
            Pattern.compile("(?i).*(passw|passphrase|secret|token|credential|authorization|auth_data).*");
    private static final Pattern IN_URL = Pattern.compile("(://[^/@:\\s]*):[^@\\s]*@");
    private static final Pattern ASSIGNED = Pattern.compile(
            "(?i)(\\b[\\w-]*(?:passw|passphrase|secret|token|credential)[\\w-]*\\s*[=:]\\s*)(?:'[^']*'|\"[^\"]*\"|[^\\s,;]+)");

    private Secrets() {}

    /** @param path of the value; secret if any part of it sounds so, or the schema says so */
    static boolean isSecret(String path) {
        // password_encryption and its like are settings of PostgreSQL, not passwords.
        if (path.endsWith("password_encryption") || path.endsWith("log_parameter_max_length")) {
            return false;
        }
        return NAME.matcher(path).matches()
                || Schema.local().find(path).map(Key::secret).orElse(false)
                || Schema.local().hasSecretsBelow(path)
                || isBesideASecret(path);
    }

    /** A password under a mistyped name is one all the same. */
    private static boolean isBesideASecret(String path) {
        String parent = path.substring(0, Math.max(0, path.lastIndexOf('.')));
        return !parent.isEmpty()
                && Schema.local().find(path).isEmpty()
                && Schema.local().hasSecretsIn(parent);
    }

    /** The value without what is secret in it; lists and mappings keep their shape. */
    static Object masked(String path, Object value) {
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> copy = new LinkedHashMap<>();
            map.forEach((name, below) ->
                    copy.put(String.valueOf(name), below == null ? "" : masked(path + "." + name, below)));
            return copy;
        }
        if (value instanceof List<?> list) {
            return list.stream()
                    .map(item -> item == null ? "" : masked(path, item))
                    .toList();
        }
        if (isSecret(path)) {
            return String.valueOf(value).isEmpty() ? "" : HIDDEN;
        }
        return value instanceof String text ? maskedText(text) : value;
    }

    /** A whole document. */
    public static Map<String, Object> maskedMap(Map<String, Object> values) {
        Map<String, Object> copy = new LinkedHashMap<>();
        values.forEach((name, value) -> copy.put(name, masked(name, value)));
        return copy;
    }

    static String maskedText(String text) {
        return ASSIGNED.matcher(IN_URL.matcher(text).replaceAll("$1:" + HIDDEN + "@"))
                .replaceAll("$1" + HIDDEN);
    }

    /** For messages. */
    public static String shown(String path, Object value) {
        return isSecret(path) ? HIDDEN : String.valueOf(value == null ? "" : masked(path, value));
    }
}
