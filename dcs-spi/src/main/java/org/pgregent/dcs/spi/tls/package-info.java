/**
 * TLS from PEM files, as every other program on the machine has them, on the JDK alone.
 *
 * <p>{@link org.pgregent.dcs.spi.tls.TlsFiles} says which files, {@link org.pgregent.dcs.spi.tls.ReloadingTls} makes what the JDK
 * wants of them and notices when they have been replaced, so that a certificate is renewed without a restart.
 */
@NullMarked
package org.pgregent.dcs.spi.tls;

import org.jspecify.annotations.NullMarked;
