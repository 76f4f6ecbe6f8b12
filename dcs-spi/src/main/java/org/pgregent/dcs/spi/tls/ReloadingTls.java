package org.pgregent.dcs.spi.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * TLS from PEM files that are looked at anew with each handshake and read again when one of them was replaced. Files that cannot
 * be used, such as one half written, leave things as they were, with a warning. Connections that stand are left alone. May be used
 * from any thread; a handshake costs three looks at file attributes, or none without files.
 */
public final class ReloadingTls {

    private static final System.Logger LOG = System.getLogger(ReloadingTls.class.getName());

    /** What tells that a file was replaced, also by way of a link that points elsewhere now. */
    private record Stamp(@Nullable Object file, long modified, long size) {}

    private record Loaded(Optional<Identity> identity, X509ExtendedTrustManager trust) {}

    private final TlsFiles files;
    private final SSLContext context;
    private final ReloadingKeyManager keys =
            new ReloadingKeyManager(() -> current().identity());
    private final ReloadingTrustManager trust =
            new ReloadingTrustManager(() -> current().trust());
    private Map<Path, Stamp> seen;
    private Loaded loaded;

    private ReloadingTls(TlsFiles files) throws IOException, GeneralSecurityException {
        this.files = files;
        this.seen = stamps();
        this.loaded = load();
        this.context = SSLContext.getInstance("TLS");
        context.init(new KeyManager[] {keys}, new TrustManager[] {trust}, null);
    }

    /** @throws IOException if a file cannot be used; the message names it */
    public static ReloadingTls of(TlsFiles files) throws IOException {
        try {
            return new ReloadingTls(files);
        } catch (GeneralSecurityException e) {
            throw new IOException("this JDK cannot do TLS", e);
        }
    }

    /** For clients and servers; the same one over all changes of the files. */
    public SSLContext context() {
        return context;
    }

    public X509ExtendedKeyManager keyManager() {
        return keys;
    }

    public X509ExtendedTrustManager trustManager() {
        return trust;
    }

    private synchronized Loaded current() {
        Map<Path, Stamp> now = stamps();
        if (!now.equals(seen)) {
            seen = now;
            try {
                loaded = load();
                forgetSessions();
                LOG.log(System.Logger.Level.INFO, "read {0} again, for they have changed", now.keySet());
            } catch (IOException e) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "TLS files have changed and cannot be used, going on with what they were: {0}",
                        e.getMessage());
            }
        }
        return loaded;
    }

    private Loaded load() throws IOException {
        Optional<Identity> identity = files.certificates().isEmpty()
                ? Optional.empty()
                : Optional.of(Identity.read(
                        files.certificates().get(),
                        files.key().orElseGet(files.certificates()::get),
                        files.keyPassword()));
        return new Loaded(identity, files.verify() ? Trust.in(files.trusted()) : Trust.inAnybody());
    }

    /** A resumed session would go on without asking whether its certificate is still trusted. */
    private void forgetSessions() {
        for (SSLSessionContext sessions :
                new SSLSessionContext[] {context.getClientSessionContext(), context.getServerSessionContext()}) {
            for (byte[] id : Collections.list(sessions.getIds())) {
                SSLSession session = sessions.getSession(id);
                if (session != null) {
                    session.invalidate();
                }
            }
        }
    }

    private Map<Path, Stamp> stamps() {
        Map<Path, Stamp> stamps = new HashMap<>();
        Stream.of(files.trusted(), files.certificates(), files.key())
                .flatMap(Optional::stream)
                .forEach(path -> stamps.put(path, stamp(path)));
        return stamps;
    }

    private static Stamp stamp(Path path) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            return new Stamp(
                    attributes.fileKey(),
                    attributes.lastModifiedTime().to(java.util.concurrent.TimeUnit.NANOSECONDS),
                    attributes.size());
        } catch (IOException missing) {
            return new Stamp(null, 0, -1);
        }
    }
}
