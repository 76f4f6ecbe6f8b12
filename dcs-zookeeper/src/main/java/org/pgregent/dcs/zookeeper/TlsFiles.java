package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.apache.zookeeper.client.ZKClientConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Certificates and key as ZooKeeper wants them: in files of its own kinds, kept in a private folder and made anew when the
 * configured ones change. The key store is encrypted with a password that lives in this process only.
 */
final class TlsFiles {

    private static final Logger LOG = LoggerFactory.getLogger(TlsFiles.class);

    private final TlsSettings settings;
    private final Path keyStore;
    private final Path trustStore;
    private final String password;
    private List<FileTime> made = List.of();
    private List<FileTime> contextMade = List.of();
    private SSLContext context;

    /** @param name how the files begin, so that two uses of one folder do not meet */
    TlsFiles(TlsSettings settings, Path folder, String name) {
        this.settings = settings;
        this.keyStore = folder.resolve(name + ".p12");
        this.trustStore = folder.resolve(name + "-trust.pem");
        byte[] random = new byte[24];
        new SecureRandom().nextBytes(random);
        this.password = HexFormat.of().formatHex(random);
    }

    TlsSettings settings() {
        return settings;
    }

    Optional<Path> keyStore() {
        return settings.cert().map(cert -> keyStore);
    }

    Optional<Path> trustStore() {
        return settings.verify() ? settings.cacert() : Optional.of(trustStore);
    }

    String password() {
        return password;
    }

    /** Makes the key store if there is none yet or its sources have changed. */
    synchronized void refresh() throws IOException {
        List<FileTime> now = sourceTimes();
        if (now.equals(made) || settings.cert().isEmpty()) {
            return;
        }
        try {
            Path next = keyStore.resolveSibling(keyStore.getFileName() + ".new");
            KeyStore store = loaded();
            try (OutputStream out = privately(next)) {
                store.store(out, password.toCharArray());
            }
            Files.move(next, keyStore, StandardCopyOption.ATOMIC_MOVE);
        } catch (GeneralSecurityException e) {
            throw new IOException(
                    settings.at() + ".cert and " + settings.at() + ".key cannot be used: " + e.getMessage(), e);
        }
        if (!made.isEmpty()) {
            LOG.info("{} and {} have changed and are read again", settings.at() + ".cert", settings.at() + ".key");
        }
        made = now;
    }

    private List<FileTime> sourceTimes() throws IOException {
        List<FileTime> times = new ArrayList<>();
        for (Optional<Path> source : List.of(settings.cert(), settings.key(), settings.cacert())) {
            if (source.isPresent()) {
                times.add(Files.getLastModifiedTime(source.get()));
            }
        }
        return times;
    }

    private KeyStore loaded() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        if (settings.cert().isPresent() && settings.key().isPresent()) {
            store.setKeyEntry(
                    "own",
                    PemFiles.key(settings.key().get(), settings.keyPassword()),
                    password.toCharArray(),
                    PemFiles.certificates(settings.cert().get()).toArray(new Certificate[0]));
        }
        return store;
    }

    private static OutputStream privately(Path file) throws IOException {
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        return Files.newOutputStream(file);
    }

    /**
     * To be called before each connection. Without verification ZooKeeper's client still wants to know whom to trust: the answer
     * is whatever this server shows.
     */
    void beforeConnect(HostPort server, int timeoutMs) {
        try {
            refresh();
            if (!settings.verify()) {
                trustWhatIsShown(server, timeoutMs);
            }
        } catch (IOException e) {
            LOG.debug("TLS to {} is not prepared; connecting will tell", server, e);
        }
    }

    private void trustWhatIsShown(HostPort server, int timeoutMs) throws IOException {
        try (SSLSocket socket = connect(server, timeoutMs)) {
            StringBuilder pem = new StringBuilder();
            for (Certificate shown : socket.getSession().getPeerCertificates()) {
                pem.append("-----BEGIN CERTIFICATE-----\n")
                        .append(Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(shown.getEncoded()))
                        .append("\n-----END CERTIFICATE-----\n");
            }
            Path next = trustStore.resolveSibling(trustStore.getFileName() + ".new");
            try (OutputStream out = privately(next)) {
                out.write(pem.toString().getBytes(StandardCharsets.US_ASCII));
            }
            Files.move(next, trustStore, StandardCopyOption.ATOMIC_MOVE);
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    /** Connects and shakes hands with Java's own TLS, under the same rules as ZooKeeper's client. */
    SSLSocket connect(HostPort server, int timeoutMs) throws IOException, GeneralSecurityException {
        SSLSocket socket = (SSLSocket) context().getSocketFactory().createSocket();
        try {
            InetSocketAddress address = server.resolve();
            socket.setSoTimeout(timeoutMs);
            if (settings.verify()) {
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
                socket.setSSLParameters(parameters);
            }
            socket.connect(address, timeoutMs);
            socket.startHandshake();
            return socket;
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /** Kept, since it also remembers former handshakes, which makes the next ones cheap. */
    private synchronized SSLContext context() throws IOException, GeneralSecurityException {
        List<FileTime> now = sourceTimes();
        if (context == null || !now.equals(contextMade)) {
            context = newContext();
            contextMade = now;
        }
        return context;
    }

    private SSLContext newContext() throws IOException, GeneralSecurityException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(loaded(), password.toCharArray());
        SSLContext fresh = SSLContext.getInstance("TLS");
        KeyManager[] own = keys.getKeyManagers();
        fresh.init(own, trust(), null);
        return fresh;
    }

    private TrustManager[] trust() throws IOException, GeneralSecurityException {
        if (!settings.verify()) {
            return new TrustManager[] {new TakesAnything()};
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        KeyStore authorities = null;
        if (settings.cacert().isPresent()) {
            authorities = KeyStore.getInstance("PKCS12");
            authorities.load(null, null);
            int count = 0;
            for (X509Certificate authority :
                    PemFiles.certificates(settings.cacert().get())) {
                authorities.setCertificateEntry("authority" + ++count, authority);
            }
        }
        trust.init(authorities);
        return trust.getTrustManagers();
    }

    /** What the client is to be told. */
    void configure(ZKClientConfig config) {
        config.setProperty(ZKClientConfig.SECURE_CLIENT, "true");
        config.setProperty(ZKClientConfig.ZOOKEEPER_CLIENT_CNXN_SOCKET, "org.apache.zookeeper.ClientCnxnSocketNetty");
        config.setProperty("zookeeper.ssl.enabledProtocols", "TLSv1.3,TLSv1.2");
        config.setProperty("zookeeper.ssl.hostnameVerification", Boolean.toString(settings.verify()));
        // Names are then compared by Java itself; ZooKeeper's own way also asks the DNS for names of addresses.
        config.setProperty("zookeeper.fips-mode", "true");
        keyStore().ifPresent(file -> {
            config.setProperty("zookeeper.ssl.keyStore.location", file.toString());
            config.setProperty("zookeeper.ssl.keyStore.password", password);
            config.setProperty("zookeeper.ssl.keyStore.type", "PKCS12");
        });
        trustStore().ifPresent(file -> {
            config.setProperty("zookeeper.ssl.trustStore.location", file.toString());
            config.setProperty("zookeeper.ssl.trustStore.type", "PEM");
        });
    }
}
