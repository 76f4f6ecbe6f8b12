package org.pgregent.dcs.spi.tls;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Whom this side trusts and who it is, as PEM files.
 *
 * @param trusted certificates of authorities; empty means those the JDK trusts
 * @param certificates this side's certificate, followed by those in between; empty means it shows none
 * @param key the private key; empty means it stands in the same file as the certificate
 * @param keyPassword of an encrypted key
 * @param verify false trusts any certificate with any name
 */
public record TlsFiles(
        Optional<Path> trusted,
        Optional<Path> certificates,
        Optional<Path> key,
        Optional<String> keyPassword,
        boolean verify) {

    public TlsFiles {
        requireNonNull(trusted, "trusted");
        requireNonNull(certificates, "certificates");
        requireNonNull(key, "key");
        requireNonNull(keyPassword, "keyPassword");
        if (key.isPresent() && certificates.isEmpty()) {
            throw new IllegalArgumentException("a key without a certificate: name the certificate's file as well");
        }
    }

    /** Without the password. */
    @Override
    public String toString() {
        return "TlsFiles[trusted=" + trusted + ", certificates=" + certificates + ", key=" + key + ", verify=" + verify
                + "]";
    }
}
