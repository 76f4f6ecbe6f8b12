package org.pgregent.dcs.spi.tls;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Makes trust of a file of authorities. */
final class Trust {

    private Trust() {}

    /** @param authorities empty means those of the JDK */
    static X509ExtendedTrustManager in(Optional<Path> authorities) throws IOException {
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(authorities.isPresent() ? store(authorities.get()) : null);
            for (TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof X509ExtendedTrustManager found) {
                    return found;
                }
            }
            throw new IOException("this JDK has no trust manager for certificates");
        } catch (GeneralSecurityException e) {
            throw new IOException(
                    authorities.map(Path::toString).orElse("the JDK's store of authorities") + " cannot be used", e);
        }
    }

    private static @Nullable KeyStore store(Path authorities) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        int count = 0;
        for (X509Certificate authority : PemFile.read(authorities).certificates()) {
            store.setCertificateEntry(Integer.toString(count++), authority);
        }
        return store;
    }

    /** The JDK checks names in its own trust managers only, so this one trusts any name too. */
    static X509ExtendedTrustManager inAnybody() {
        return new X509ExtendedTrustManager() {
            @Override
            public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

            @Override
            public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

            @Override
            public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

            @Override
            public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

            @Override
            public void checkClientTrusted(X509Certificate[] chain, String type) {}

            @Override
            public void checkServerTrusted(X509Certificate[] chain, String type) {}

            @Override
            public X509Certificate[] getAcceptedIssuers() {
                return new X509Certificate[0];
            }
        };
    }
}
