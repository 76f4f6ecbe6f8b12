package org.pgregent.dcs.etcd;

import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.pgregent.dcs.spi.DcsRefusedException;

/** The files of a TLS client; whoever renews a certificate writes them anew while we run. */
record Tls(String section, Optional<Path> cacert, Optional<Path> cert, Optional<Path> key) {

    /** Changes when one of the files was written, replaced or has gone. */
    String state() {
        List<String> states = Stream.of(cacert, cert, key)
                .flatMap(Optional::stream)
                .map(Tls::state)
                .toList();
        return String.join(",", states);
    }

    private static String state(Path file) {
        try {
            // Through links: renewal often means that a link points elsewhere.
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return attributes.lastModifiedTime() + "/" + attributes.size() + "/" + attributes.fileKey();
        } catch (IOException gone) {
            return "unreadable";
        }
    }

    SslContext load() throws DcsRefusedException {
        try {
            SslContextBuilder builder = GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK);
            if (cacert.isPresent()) {
                trust(builder, cacert.get());
            }
            if (cert.isPresent()) {
                identify(builder, cert.get(), key.orElse(cert.get()));
            }
            return builder.build();
        } catch (SSLException e) {
            throw new DcsRefusedException(
                    section + ": the TLS files " + cacert + ", " + cert + ", " + key + " cannot be used: "
                            + e.getMessage(),
                    e);
        }
    }

    private void trust(SslContextBuilder builder, Path file) throws DcsRefusedException {
        try {
            builder.trustManager(file.toFile());
        } catch (IllegalArgumentException e) {
            throw new DcsRefusedException(
                    section + ".cacert is '" + file
                            + "', which holds no certificate; give the PEM file of the authority"
                            + " that issued the servers' certificates",
                    e);
        }
    }

    private void identify(SslContextBuilder builder, Path certificate, Path privateKey) throws DcsRefusedException {
        try {
            builder.keyManager(certificate.toFile(), privateKey.toFile());
        } catch (IllegalArgumentException e) {
            throw new DcsRefusedException(
                    section + ".cert is '" + certificate + "' and the key is sought in '" + privateKey
                            + "', which are no certificate and its key; give PEM files, the key without a password and in"
                            + " PKCS#8 ('BEGIN PRIVATE KEY'; convert it with openssl pkcs8 -topk8 -nocrypt)",
                    e);
        }
    }
}
