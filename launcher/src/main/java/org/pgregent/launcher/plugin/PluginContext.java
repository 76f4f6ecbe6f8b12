package org.pgregent.launcher.plugin;

import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsRefusedException;

/**
 * How a plug-in's code is run: with its own class loader as the thread's, for many a library looks for its parts there and not where
 * it came from itself (ServiceLoader, JNDI, parsers). Threads it starts meanwhile inherit it.
 *
 * @param place its jar or folder, for messages
 */
record PluginContext(ClassLoader loader, String place) {

    interface Work<T, E extends Exception> {
        T run() throws E;
    }

    <T, E extends Exception> T run(Work<T, E> work) throws E {
        return within(loader, work);
    }

    static <T, E extends Exception> T within(ClassLoader loader, Work<T, E> work) throws E {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            return work.run();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /** A call of the store; classes that do not fit together make it a refusal, which says what to do. */
    <T> T call(Work<T, DcsException> work) throws DcsException {
        try {
            return run(work);
        } catch (LinkageError e) {
            throw new DcsRefusedException(misfit(e), e);
        }
    }

    String misfit(LinkageError e) {
        return place + " does not fit: " + e
                + "; put the library it lacks beside it, in a folder with its jar, or get the"
                + " version of it that was built for this pgregent and this Java";
    }
}
