package org.pgregent.launcher.demo;

/** The demonstration did not go as it should; the message says what was expected and what was there. */
public final class DemoException extends Exception {

    private static final long serialVersionUID = 1L;

    public DemoException(String message) {
        super(message);
    }
}
