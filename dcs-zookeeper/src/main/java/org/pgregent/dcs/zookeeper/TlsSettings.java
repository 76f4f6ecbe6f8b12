package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.tls.ReloadingTls;
import org.pgregent.dcs.spi.tls.TlsFiles;

/**
 * The keys of the configuration that concern TLS.
 *
 * @param at the section they stand in, for messages
 */
record TlsSettings(String at, TlsFiles files) {

    /** Reads the files as well, so that what cannot work is said at once. */
    static TlsSettings parse(String at, Map<?, ?> settings) throws DcsRefusedException {
        Optional<Path> cacert = path(settings, "cacert");
        Optional<Path> cert = path(settings, "cert");
        Optional<Path> key = path(settings, "key");
        if (cert.isEmpty() && key.isPresent()) {
            throw ZooKeeperSettings.refused(
                    at + ".key", "is given without a certificate", "name the certificate in " + at + ".cert");
        }
        TlsFiles files = new TlsFiles(
                cacert,
                cert,
                key,
                Optional.ofNullable(settings.get("key_password")).map(String::valueOf),
                settings.get("verify") == null || ZooKeeperSettings.isTrue(at + ".verify", settings.get("verify")));
        requireUsable(at + ".cacert", new TlsFiles(cacert, Optional.empty(), Optional.empty(), Optional.empty(), true));
        requireUsable(at + (key.isPresent() ? ".key" : ".cert"), files);
        return new TlsSettings(at, files);
    }

    private static Optional<Path> path(Map<?, ?> settings, String key) {
        return Optional.ofNullable(settings.get(key))
                .map(String::valueOf)
                .filter(text -> !text.isBlank())
                .map(Path::of);
    }

    private static void requireUsable(String key, TlsFiles files) throws DcsRefusedException {
        try {
            ReloadingTls.of(files);
        } catch (IOException e) {
            throw ZooKeeperSettings.refused(
                    key,
                    "cannot be used: " + e.getMessage(),
                    "name PEM files that the agent's user may read; an encrypted key needs " + section(key)
                            + ".key_password");
        }
    }

    private static String section(String key) {
        return key.substring(0, key.lastIndexOf('.'));
    }

    /** Without the password: this is what ends up in logs. */
    @Override
    public String toString() {
        return files.toString();
    }
}
