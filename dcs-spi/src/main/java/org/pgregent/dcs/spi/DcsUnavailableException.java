package org.pgregent.dcs.spi;

/** The call had no effect and never will: the store could not be reached, or it answered that it did nothing. */
public final class DcsUnavailableException extends DcsException {

    private static final long serialVersionUID = 1L;

    public DcsUnavailableException(String message) {
        super(message, null);
    }

    public DcsUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
