package org.pgregent.dcs.spi;

import java.time.Duration;

/**
 * A list of services that some stores keep beside their keys, for clients that want to find one. Nothing is decided on it. The rules
 * of {@link Dcs} for timeouts, threads and exceptions hold here too.
 */
public interface ServiceRegistry {

    /** Lists the service, in place of whatever had its id. */
    void register(Service service, Duration timeout) throws DcsException;

    /** Lists it no longer. One that is not listed is no error. */
    void deregister(String id, Duration timeout) throws DcsException;
}
