/**
 * What pgregent asks of a consensus store: versioned keys, leases that keys hang on, and hints that something changed.
 *
 * <p>A back end knows keys, versions and leases; what they mean is not its business. To write one, implement {@link
 * org.pgregent.dcs.spi.DcsProvider}, name it in {@code META-INF/services}, and let {@code DcsContract} of this module's
 * tests jar try it against your server.
 */
@NullMarked
package org.pgregent.dcs.spi;

import org.jspecify.annotations.NullMarked;
