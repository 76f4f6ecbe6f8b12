package org.pgregent.launcher;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where to find a PostgreSQL and who to be there: a URL or words like {@code host=a port=b}, and libpq's variables under it. */
record Dsn(String host, int port, String user, Optional<String> password, String database) {

    private static final Pattern WORD = Pattern.compile("(\\w+)\\s*=\\s*(?:'((?:[^'\\\\]|\\\\.)*)'|(\\S*))");

    static Dsn parse(String text, Map<String, String> environment) throws ConfigException {
        Map<String, String> words = new LinkedHashMap<>();
        putPresent(words, "host", environment.get("PGHOST"));
        putPresent(words, "port", environment.get("PGPORT"));
        putPresent(words, "user", environment.get("PGUSER"));
        putPresent(words, "password", environment.get("PGPASSWORD"));
        putPresent(words, "dbname", environment.get("PGDATABASE"));
        if (text.startsWith("postgres://") || text.startsWith("postgresql://")) {
            fromUrl(text, words);
        } else {
            Matcher word = WORD.matcher(text);
            while (word.find()) {
                String value =
                        word.group(2) == null ? word.group(3) : word.group(2).replaceAll("\\\\(.)", "$1");
                words.put(word.group(1), value);
            }
            if (!WORD.matcher(text).replaceAll("").isBlank()) {
                throw new ConfigException("--dsn is neither a URL nor words like host=a port=5432 user=b: correct it");
            }
        }
        String host = words.getOrDefault("host", "localhost");
        if (host.startsWith("/")) {
            throw new ConfigException("--dsn names the socket folder " + host
                    + ", and this program connects over TCP only: write host=localhost");
        }
        try {
            return new Dsn(
                    host,
                    Integer.parseInt(words.getOrDefault("port", "5432")),
                    words.getOrDefault("user", System.getProperty("user.name", "postgres")),
                    Optional.ofNullable(words.get("password")),
                    words.getOrDefault("dbname", "postgres"));
        } catch (NumberFormatException e) {
            throw new ConfigException("--dsn has the port '" + words.get("port") + "': write a number");
        }
    }

    private static void fromUrl(String text, Map<String, String> words) throws ConfigException {
        try {
            URI url = URI.create(text);
            putPresent(words, "host", url.getHost());
            putPresent(words, "port", url.getPort() < 0 ? null : Integer.toString(url.getPort()));
            String path = url.getPath();
            putPresent(words, "dbname", path == null || path.length() < 2 ? null : path.substring(1));
            String login = url.getRawUserInfo();
            if (login != null) {
                int colon = login.indexOf(':');
                words.put("user", decoded(colon < 0 ? login : login.substring(0, colon)));
                putPresent(words, "password", colon < 0 ? null : decoded(login.substring(colon + 1)));
            }
        } catch (IllegalArgumentException e) {
            // Its message repeats the text, which may hold a password.
            throw new ConfigException("--dsn is no URL: write postgres://user@host:port/database");
        }
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static void putPresent(Map<String, String> words, String name, String value) {
        if (value != null && !value.isEmpty()) {
            words.put(name, value);
        }
    }

    Dsn with(String newPassword) {
        return new Dsn(host, port, user, Optional.of(newPassword), database);
    }

    /** Without the password. */
    @Override
    public String toString() {
        return user + " at " + host + ":" + port + "/" + database;
    }
}
