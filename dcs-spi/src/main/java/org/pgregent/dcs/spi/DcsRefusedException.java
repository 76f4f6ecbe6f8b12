package org.pgregent.dcs.spi;

/** The store will answer like this every time: wrong credentials, a wrong setting, a value too large. Trying again is no use. */
public final class DcsRefusedException extends DcsException {

    private static final long serialVersionUID = 1L;

    public DcsRefusedException(String message) {
        super(message, null);
    }

    public DcsRefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
