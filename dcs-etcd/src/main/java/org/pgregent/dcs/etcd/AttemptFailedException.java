package org.pgregent.dcs.etcd;

import io.grpc.Status;

/** One request to one server came to nothing, or to nothing known. */
final class AttemptFailedException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient Status status;
    private final boolean sent;

    /** @param sent the request may have left for the server; else it certainly never will */
    AttemptFailedException(Status status, Throwable cause, boolean sent) {
        super(status.getCode() + (status.getDescription() == null ? "" : ": " + status.getDescription()), cause);
        this.status = status;
        this.sent = sent;
    }

    Status status() {
        return status;
    }

    boolean sent() {
        return sent;
    }
}
