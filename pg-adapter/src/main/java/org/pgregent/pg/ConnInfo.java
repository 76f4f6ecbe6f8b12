package org.pgregent.pg;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.pgregent.core.model.Upstream;
import org.pgregent.pg.PgConfig.Credentials;

/** libpq's connection strings of keywords and values. None made here holds a password. */
final class ConnInfo {

    private static final List<String> TLS =
            List.of("sslmode", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl", "sslcrldir", "gssencmode");
    private static final List<String> LAST = List.of("channel_binding", "target_session_attrs", "sslnegotiation");
    private static final Map<String, PgVersions> SINCE = Map.of(
            "sslpassword", PgVersions.SSLPASSWORD,
            "sslcrldir", PgVersions.SSLCRLDIR,
            "channel_binding", PgVersions.CHANNEL_BINDING,
            "sslnegotiation", PgVersions.SSLNEGOTIATION);

    private ConnInfo() {}

    /** How a program of that major version reaches the upstream; the password comes from the passfile. */
    static String of(
            Upstream upstream, Credentials user, String applicationName, Optional<String> passfile, int major) {
        Map<String, String> keys = new LinkedHashMap<>();
        keys.put("dbname", upstream.database());
        keys.put("user", user.username());
        passfile.ifPresent(file -> keys.put("passfile", file));
        keys.put("host", upstream.host());
        keys.put("port", Integer.toString(upstream.port()));
        keys.put("sslmode", "prefer");
        putOptions(keys, user, TLS, major);
        keys.put("application_name", applicationName);
        putOptions(keys, user, LAST, major);
        return render(keys);
    }

    private static void putOptions(Map<String, String> keys, Credentials user, List<String> wanted, int major) {
        for (String key : wanted) {
            String value = user.options().get(key);
            boolean known = !SINCE.containsKey(key) || SINCE.get(key).isIn(major);
            if (value != null && known) {
                keys.put(key, value);
            }
        }
    }

    static String render(Map<String, String> keys) {
        return keys.entrySet().stream()
                .map(e -> e.getKey() + "=" + quote(e.getValue()))
                .collect(Collectors.joining(" "));
    }

    private static String quote(String value) {
        boolean plain =
                !value.isEmpty() && value.chars().noneMatch(c -> Character.isWhitespace(c) || c == '\'' || c == '\\');
        return plain ? value : "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }

    /** The keys and values of such a string. What cannot be read ends the reading: a hand-written one may be anything. */
    static Map<String, String> parse(String text) {
        Map<String, String> keys = new LinkedHashMap<>();
        int at = 0;
        while (at < text.length()) {
            int equals = text.indexOf('=', at);
            if (equals < 0) {
                break;
            }
            String key = text.substring(at, equals).trim();
            int start = equals + 1;
            while (start < text.length() && Character.isWhitespace(text.charAt(start))) {
                start++;
            }
            StringBuilder value = new StringBuilder();
            at = readValue(text, start, value);
            keys.put(key, value.toString());
        }
        return keys;
    }

    private static int readValue(String text, int start, StringBuilder value) {
        boolean quoted = start < text.length() && text.charAt(start) == '\'';
        int at = quoted ? start + 1 : start;
        for (; at < text.length(); at++) {
            char c = text.charAt(at);
            if (quoted && c == '\'' || !quoted && Character.isWhitespace(c)) {
                return at + 1;
            }
            if (c == '\\' && at + 1 < text.length()) {
                at++;
            }
            value.append(text.charAt(at));
        }
        return at;
    }
}
