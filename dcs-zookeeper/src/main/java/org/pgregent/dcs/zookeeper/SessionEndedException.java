package org.pgregent.dcs.zookeeper;

/** The server said that this session is over; what was asked in it did not happen and never will. */
final class SessionEndedException extends Exception {

    private static final long serialVersionUID = 1L;

    SessionEndedException(String sessionId) {
        super("session " + sessionId + " is over");
    }
}
