package org.pgregent.launcher.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One key of the configuration: all that reading, checking, printing and the reference know of it.
 *
 * @param path from the top, with dots; a part {@code *} stands for any name
 * @param fallback what holds when the key is missing, as one writes it in YAML; empty for nothing
 * @param usually the same in words, where the value depends on others; empty else
 * @param meaning one line for people
 * @param note what {@link Use} has to say beside its own words
 * @param refusedValues with {@link Use#REFUSED}, the values refused; empty for all but an empty one and false
 * @param secret never shown
 * @param least of a whole number
 * @param most of a whole number
 * @param choices the only values allowed, if not empty; case does not matter
 * @param variables the names in the environment, without their prefix; the first that is set counts
 */
public record Key(
        String path,
        Kind kind,
        String fallback,
        String usually,
        String meaning,
        Reload reload,
        Use use,
        String note,
        List<String> refusedValues,
        boolean secret,
        boolean required,
        long least,
        long most,
        List<String> choices,
        List<String> variables) {

    /** What SIGHUP does with a changed value. */
    public enum Reload {
        /** It takes effect at once. */
        NOW,
        /** It takes effect when the agent is started again. */
        RESTART,
        /** It is looked at only when a cluster is made. */
        BOOTSTRAP
    }

    /** What this version makes of the key. */
    public enum Use {
        USED,
        /** Accepted, named in a line at the start, without effect until a later version. */
        LATER,
        /** Accepted; there is nothing here for it to act on. */
        NONE,
        /** Going on without what it asks for would be dangerous. */
        REFUSED
    }

    public Key {
        refusedValues = List.copyOf(refusedValues);
        choices = List.copyOf(choices);
        variables = List.copyOf(variables);
    }

    /** The last part of the path. */
    public String name() {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    static Draft text(String path, String meaning) {
        return new Draft(path, Kind.TEXT, meaning);
    }

    static Draft whole(String path, long least, long most, String meaning) {
        Draft draft = new Draft(path, Kind.WHOLE, meaning);
        draft.least = least;
        draft.most = most;
        return draft;
    }

    static Draft flag(String path, String meaning) {
        return new Draft(path, Kind.FLAG, meaning);
    }

    static Draft key(Kind kind, String path, String meaning) {
        return new Draft(path, kind, meaning);
    }

    /** A key being described; all that is not said has the most common value. */
    static final class Draft {
        private String path;
        private final Kind kind;
        private final String meaning;
        private String fallback = "";
        private String usually = "";
        private Reload reload = Reload.RESTART;
        private Use use = Use.USED;
        private String note = "";
        private List<String> refusedValues = List.of();
        private boolean secret;
        private boolean required;
        private long least = Long.MIN_VALUE;
        private long most = Long.MAX_VALUE;
        private List<String> choices = List.of();
        private final List<String> variables = new ArrayList<>();

        private Draft(String path, Kind kind, String meaning) {
            this.path = path;
            this.kind = kind;
            this.meaning = meaning;
        }

        Draft below(String parent) {
            path = parent + "." + path;
            return this;
        }

        Draft or(Object value) {
            fallback = String.valueOf(value);
            return this;
        }

        Draft usually(String words) {
            usually = words;
            return this;
        }

        Draft required() {
            required = true;
            return this;
        }

        Draft secret() {
            secret = true;
            return this;
        }

        Draft reloads() {
            reload = Reload.NOW;
            return this;
        }

        Draft atBootstrap() {
            reload = Reload.BOOTSTRAP;
            return this;
        }

        Draft oneOf(String... values) {
            choices = List.of(values);
            return this;
        }

        Draft later() {
            use = Use.LATER;
            return this;
        }

        Draft later(String untilThen) {
            note = untilThen;
            return later();
        }

        Draft none(String why) {
            use = Use.NONE;
            note = why;
            return this;
        }

        Draft refused(String remedy, String... values) {
            use = Use.REFUSED;
            note = remedy;
            refusedValues = List.of(values);
            return this;
        }

        /** Under the name its path gives. Call after {@link #below}. */
        Draft env() {
            return env(path.toUpperCase(Locale.ROOT).replace('.', '_'));
        }

        Draft env(String... names) {
            variables.addAll(List.of(names));
            return this;
        }

        Key build() {
            return new Key(
                    path,
                    kind,
                    fallback,
                    usually,
                    meaning,
                    reload,
                    use,
                    note,
                    refusedValues,
                    secret,
                    required,
                    least,
                    most,
                    choices,
                    variables);
        }
    }
}
