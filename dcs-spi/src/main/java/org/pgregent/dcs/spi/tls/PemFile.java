package org.pgregent.dcs.spi.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A PEM file: certificates and private keys between their BEGIN and END lines. Whatever stands around them is a comment, and
 * blocks of other kinds (curve parameters) are passed over. Every message names the file, none shows what is in it.
 */
public final class PemFile {

    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----\\s*(.*?)-----END \\1-----", Pattern.DOTALL);

    private record Block(String label, String content) {}

    private final Path path;
    private final List<Block> blocks;

    private PemFile(Path path, List<Block> blocks) {
        this.path = path;
        this.blocks = blocks;
    }

    public static PemFile read(Path path) throws IOException {
        String text;
        try {
            text = Files.readString(path, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new IOException(path + " is not there", e);
        } catch (IOException e) {
            throw new IOException(path + " cannot be read (" + e + ")", e);
        }
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            blocks.add(new Block(matcher.group(1), matcher.group(2)));
        }
        return new PemFile(path, blocks);
    }

    /**
     * In the file's order.
     *
     * @throws IOException if there is none, or one cannot be read
     */
    public List<X509Certificate> certificates() throws IOException {
        List<X509Certificate> certificates = new ArrayList<>();
        for (Block block : blocks) {
            if (block.label.equals("CERTIFICATE") || block.label.equals("X509 CERTIFICATE")) {
                try {
                    certificates.add((X509Certificate) CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(bytes(block))));
                } catch (GeneralSecurityException e) {
                    throw new IOException(path + " has a certificate that cannot be read", e);
                }
            }
        }
        if (certificates.isEmpty()) {
            throw new IOException(path + " has no certificate in PEM");
        }
        return certificates;
    }

    /**
     * The first one.
     *
     * @throws IOException if there is none, or it cannot be read
     */
    public PrivateKey privateKey(Optional<String> password) throws IOException {
        for (Block block : blocks) {
            if (PrivateKeys.isKey(block.label)) {
                if (block.content.contains("ENCRYPTED")) {
                    throw new IOException(path + " is encrypted in OpenSSL's old way; convert it with"
                            + " 'openssl pkcs8 -topk8 -in OLD -out NEW'");
                }
                try {
                    return PrivateKeys.decode(block.label, bytes(block), password);
                } catch (GeneralSecurityException e) {
                    throw new IOException(path + ": " + e.getMessage(), e);
                }
            }
        }
        throw new IOException(path + " has no private key in PEM");
    }

    private byte[] bytes(Block block) throws IOException {
        try {
            return Base64.getMimeDecoder().decode(block.content);
        } catch (IllegalArgumentException e) {
            throw new IOException(path + " has a " + block.label + " that is no Base64", e);
        }
    }
}
