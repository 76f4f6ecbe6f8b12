package org.pgregent.dcs.zookeeper;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * Reads certificates and keys in PEM. ZooKeeper could do so itself, but wants both in one file, and cannot open a key that is
 * encrypted the way OpenSSL does it today.
 */
final class PemFiles {

    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]+)-----END \\1-----", Pattern.DOTALL);
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA", "DSA");

    private PemFiles() {}

    /** The certificates in the order of the file, never none. */
    static List<X509Certificate> certificates(Path file) throws IOException, CertificateException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> certificates = new ArrayList<>();
        Matcher blocks = blocks(file);
        while (blocks.find()) {
            if (blocks.group(1).endsWith("CERTIFICATE")) {
                certificates.add((X509Certificate)
                        factory.generateCertificate(new ByteArrayInputStream(bytes(blocks.group(2)))));
            }
        }
        if (certificates.isEmpty()) {
            throw new CertificateException("it holds no certificate in PEM");
        }
        return certificates;
    }

    /** The first key of the file. Messages never quote it. */
    static PrivateKey key(Path file, Optional<String> password) throws IOException, GeneralSecurityException {
        Matcher blocks = blocks(file);
        while (blocks.find()) {
            switch (blocks.group(1)) {
                case "PRIVATE KEY" -> {
                    return parsed(new PKCS8EncodedKeySpec(bytes(blocks.group(2))));
                }
                case "ENCRYPTED PRIVATE KEY" -> {
                    return parsed(decrypted(
                            bytes(blocks.group(2)),
                            password.orElseThrow(() -> new GeneralSecurityException(
                                    "the key is encrypted and no key_password is given"))));
                }
                case "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY" ->
                    throw new GeneralSecurityException(
                            "the key is in an old format; convert it with: openssl pkcs8 -topk8 -in old.key -out new.key");
                default -> {
                    // a certificate, or parameters
                }
            }
        }
        throw new GeneralSecurityException("it holds no private key in PEM");
    }

    private static Matcher blocks(Path file) throws IOException {
        return BLOCK.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
    }

    private static byte[] bytes(String base64) {
        return Base64.getMimeDecoder().decode(base64);
    }

    private static PKCS8EncodedKeySpec decrypted(byte[] encoded, String password)
            throws IOException, GeneralSecurityException {
        EncryptedPrivateKeyInfo encrypted = new EncryptedPrivateKeyInfo(encoded);
        // For the schemes of PKCS#5 v2 only the parameters know the full name.
        String algorithm = encrypted.getAlgName().equals("PBES2")
                ? encrypted.getAlgParameters().toString()
                : encrypted.getAlgName();
        try {
            Key key = SecretKeyFactory.getInstance(algorithm).generateSecret(new PBEKeySpec(password.toCharArray()));
            Cipher cipher = Cipher.getInstance(algorithm);
            cipher.init(Cipher.DECRYPT_MODE, key, encrypted.getAlgParameters());
            return encrypted.getKeySpec(cipher);
        } catch (GeneralSecurityException e) {
            throw new GeneralSecurityException("key_password does not open the key", e);
        }
    }

    private static PrivateKey parsed(PKCS8EncodedKeySpec encoded) throws GeneralSecurityException {
        GeneralSecurityException last = null;
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
            } catch (GeneralSecurityException another) {
                last = another;
            }
        }
        throw new GeneralSecurityException("the key is of none of the kinds " + ALGORITHMS, last);
    }
}
