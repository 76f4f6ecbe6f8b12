package org.pgregent.core.port;

/** PostgreSQL or one of its programs did not do what was asked; the message says which and why, in one line. */
public final class PostgresException extends Exception {

    private static final long serialVersionUID = 1L;

    public PostgresException(String message) {
        super(message);
    }

    public PostgresException(String message, Throwable cause) {
        super(message, cause);
    }
}
