package org.pgregent.dcs.spi;

import org.jspecify.annotations.Nullable;

/** Something went wrong with the store; the subclass says what the caller may conclude. */
public abstract sealed class DcsException extends Exception
        permits DcsUnavailableException, DcsIndeterminateException, DcsRefusedException {

    private static final long serialVersionUID = 1L;

    DcsException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
