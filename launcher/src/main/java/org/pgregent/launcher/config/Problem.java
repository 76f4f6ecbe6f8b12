package org.pgregent.launcher.config;

/**
 * Something wrong with the configuration.
 *
 * @param path of the key, with dots
 * @param line for people: path, value, reason, remedy
 */
public record Problem(Severity severity, String path, String line) {

    /** How bad it is. */
    public enum Severity {
        /** The agent does not start with it. */
        ERROR,
        /** The agent starts all the same: it may be right elsewhere, or later. */
        IGNORABLE,
        /** Nothing breaks, but somebody should know. */
        HINT
    }

    static Problem of(Severity severity, String path, Object value, String reason, String remedy) {
        return new Problem(severity, path, path + " '" + Secrets.shown(path, value) + "' " + reason + ": " + remedy);
    }

    static Problem missing(String path, String remedy) {
        return new Problem(Severity.ERROR, path, path + " is not defined: " + remedy);
    }

    /** As the validation prints it. */
    public String marked() {
        return switch (severity) {
            case ERROR -> line;
            case IGNORABLE -> line + " (ignorable)";
            case HINT -> line + " (hint)";
        };
    }
}
