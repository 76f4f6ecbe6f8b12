package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedKeyManager;
import org.apache.zookeeper.client.ZKClientConfig;
import org.pgregent.dcs.spi.tls.ReloadingTls;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Certificates and key as ZooKeeper wants them: in files of its own kinds, kept in a private folder and made anew when the
 * configured ones change. The key store is encrypted with a password that lives in this process only.
 */
final class StoreTls {

    private static final Logger LOG = LoggerFactory.getLogger(StoreTls.class);
    private static final String[] KINDS = {"RSA", "EC", "EdDSA", "DSA"};

    private final TlsSettings settings;
    private final ReloadingTls tls;
    private final Path keyStore;
    private final Path trustStore;
    private final String password;
    private List<Certificate> made = List.of();

    /** @param name how the files begin, so that two uses of one folder do not meet */
    StoreTls(TlsSettings settings, Path folder, String name) {
        this.settings = settings;
        try {
            this.tls = ReloadingTls.of(settings.files());
        } catch (IOException e) {
            // They could be used when the configuration was read, a moment ago.
            throw new UncheckedIOException(e);
        }
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
        return settings.files().certificates().map(cert -> keyStore);
    }

    Optional<Path> trustStore() {
        return settings.files().verify() ? settings.files().trusted() : Optional.of(trustStore);
    }

    String password() {
        return password;
    }

    /** Makes the key store if there is none yet or its sources have changed. */
    synchronized void refresh() throws IOException {
        if (settings.files().certificates().isEmpty()) {
            return;
        }
        X509ExtendedKeyManager keys = tls.keyManager();
        String own = keys.chooseClientAlias(KINDS, null, null);
        Certificate[] chain = own == null ? new Certificate[0] : keys.getCertificateChain(own);
        if (chain.length == 0 || List.of(chain).equals(made)) {
            return;
        }
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("own", keys.getPrivateKey(own), password.toCharArray(), chain);
            replace(keyStore, out -> store.store(out, password.toCharArray()));
        } catch (GeneralSecurityException e) {
            throw new IOException("no key store can be made of " + settings.at() + ".cert and .key", e);
        }
        made = List.of(chain);
    }

    private interface Content {
        void writeTo(OutputStream out) throws IOException, GeneralSecurityException;
    }

    private static void replace(Path file, Content content) throws IOException, GeneralSecurityException {
        Path next = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(next);
        Files.createFile(next, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (OutputStream out = Files.newOutputStream(next)) {
            content.writeTo(out);
        }
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /**
     * To be called before each connection. Without verification ZooKeeper's client still wants to know whom to trust: the answer
     * is whatever this server shows.
     */
    void beforeConnect(HostPort server, int timeoutMs) {
        try {
            refresh();
            if (!settings.files().verify()) {
                trustWhatIsShown(server, timeoutMs);
            }
        } catch (IOException | GeneralSecurityException e) {
            LOG.debug("TLS to {} is not prepared; connecting will tell", server, e);
        }
    }

    private void trustWhatIsShown(HostPort server, int timeoutMs) throws IOException, GeneralSecurityException {
        StringBuilder pem = new StringBuilder();
        try (SSLSocket socket = connect(server, timeoutMs)) {
            for (Certificate shown : socket.getSession().getPeerCertificates()) {
                pem.append("-----BEGIN CERTIFICATE-----\n")
                        .append(Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(shown.getEncoded()))
                        .append("\n-----END CERTIFICATE-----\n");
            }
        }
        trust(pem.toString());
    }

    /** One at a time, for two connections would write the same draft. The handshake before it may take its time and is not meant. */
    private synchronized void trust(String pem) throws IOException, GeneralSecurityException {
        replace(trustStore, out -> out.write(pem.getBytes(StandardCharsets.US_ASCII)));
    }

    /** Connects and shakes hands with Java's own TLS, under the same rules as ZooKeeper's client. */
    SSLSocket connect(HostPort server, int timeoutMs) throws IOException {
        SSLSocket socket = (SSLSocket) tls.context().getSocketFactory().createSocket();
        try {
            InetSocketAddress address = server.resolve();
            socket.setSoTimeout(timeoutMs);
            if (settings.files().verify()) {
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

    /** What the client is to be told. */
    void configure(ZKClientConfig config) {
        config.setProperty(ZKClientConfig.SECURE_CLIENT, "true");
        config.setProperty(ZKClientConfig.ZOOKEEPER_CLIENT_CNXN_SOCKET, "org.apache.zookeeper.ClientCnxnSocketNetty");
        config.setProperty("zookeeper.ssl.enabledProtocols", "TLSv1.3,TLSv1.2");
        config.setProperty(
                "zookeeper.ssl.hostnameVerification",
                Boolean.toString(settings.files().verify()));
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
