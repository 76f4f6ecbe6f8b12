package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.util.Map;
import java.util.Optional;
import org.pgregent.dcs.spi.DcsRefusedException;

/**
 * The keys of the configuration that concern TLS.
 *
 * @param at the section they stand in, for messages
 * @param cacert who vouches for the other side; empty for the authorities this Java knows
 * @param cert this side's certificate; the key may be in the same file
 * @param verify false: whatever certificate the server shows is taken
 */
record TlsSettings(
        String at,
        Optional<Path> cacert,
        Optional<Path> cert,
        Optional<Path> key,
        Optional<String> keyPassword,
        boolean verify) {

    /** Reads the files as well, so that what cannot work is said at once. */
    static TlsSettings parse(String at, Map<?, ?> settings) throws DcsRefusedException {
        Optional<Path> cert = path(settings, "cert");
        Optional<Path> key = path(settings, "key").or(() -> cert);
        if (cert.isEmpty() && key.isPresent()) {
            throw ZooKeeperSettings.refused(
                    at + ".key", "is given without a certificate", "name the certificate in " + at + ".cert");
        }
        TlsSettings parsed = new TlsSettings(
                at,
                path(settings, "cacert"),
                cert,
                key,
                Optional.ofNullable(settings.get("key_password")).map(String::valueOf),
                settings.get("verify") == null || ZooKeeperSettings.isTrue(at + ".verify", settings.get("verify")));
        parsed.requireReadable();
        return parsed;
    }

    private static Optional<Path> path(Map<?, ?> settings, String key) {
        return Optional.ofNullable(settings.get(key))
                .map(String::valueOf)
                .filter(text -> !text.isBlank())
                .map(Path::of);
    }

    private void requireReadable() throws DcsRefusedException {
        if (cacert.isPresent()) {
            requireCertificates("cacert", cacert.get());
        }
        if (cert.isPresent() && key.isPresent()) {
            requireCertificates("cert", cert.get());
            try {
                PemFiles.key(key.get(), keyPassword);
            } catch (IOException | GeneralSecurityException e) {
                throw unreadable("key", key.get(), e);
            }
        }
    }

    private void requireCertificates(String name, Path file) throws DcsRefusedException {
        try {
            PemFiles.certificates(file);
        } catch (IOException | CertificateException e) {
            throw unreadable(name, file, e);
        }
    }

    private DcsRefusedException unreadable(String name, Path file, Exception e) {
        String why = e instanceof IOException ? "cannot be read (" + e + ")" : "cannot be used: " + e.getMessage();
        return ZooKeeperSettings.refused(
                at + "." + name, "'" + file + "' " + why, "name a PEM file that the agent's user may read");
    }

    /** Without the password: this is what ends up in logs. */
    @Override
    public String toString() {
        return "TLS with " + cert.map(Path::toString).orElse("no certificate");
    }
}
