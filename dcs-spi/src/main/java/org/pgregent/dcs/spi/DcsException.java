package org.pgregent.dcs.spi;

/** Something went wrong with the store; the subclass says what the caller may conclude. */
public abstract sealed class DcsException extends Exception
        permits DcsUnavailableException, DcsIndeterminateException, DcsRefusedException {

    private static final long serialVersionUID = 1L;

    DcsException(String message, Throwable cause) {
        super(message, cause);
    }
}
