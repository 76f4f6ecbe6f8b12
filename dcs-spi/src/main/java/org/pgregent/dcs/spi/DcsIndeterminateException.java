package org.pgregent.dcs.spi;

/** The call may have had its effect, or may have it later. Only a fresh read tells. */
public final class DcsIndeterminateException extends DcsException {

    private static final long serialVersionUID = 1L;

    public DcsIndeterminateException(String message) {
        super(message, null);
    }

    public DcsIndeterminateException(String message, Throwable cause) {
        super(message, cause);
    }
}
