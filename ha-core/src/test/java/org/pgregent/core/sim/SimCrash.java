package org.pgregent.core.sim;

/** The end of a simulated process, thrown out of whatever port call its threads stand in. An Error, so that nobody handles it. */
final class SimCrash extends Error {

    private static final long serialVersionUID = 1L;

    SimCrash() {
        super("the simulated process has ended", null, false, false);
    }
}
