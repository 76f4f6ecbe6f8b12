package org.pgregent.dcs.spi.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * Private keys as programs write them to PEM. The JDK reads PKCS#8 only; PKCS#1 and SEC1 are the same keys without the frame that
 * says what they are, so the frame is put around them.
 */
final class PrivateKeys {

    private static final byte[] RSA = HexFormat.of().parseHex("2a864886f70d010101");
    private static final byte[] EC = HexFormat.of().parseHex("2a8648ce3d0201");

    private static final Map<String, String> ALGORITHMS = Map.of(
            "2a864886f70d010101", "RSA",
            "2a864886f70d01010a", "RSASSA-PSS",
            "2a8648ce3d0201", "EC",
            "2b6570", "EdDSA",
            "2b6571", "EdDSA");

    private PrivateKeys() {}

    static boolean isKey(String label) {
        return label.endsWith("PRIVATE KEY");
    }

    /** @param label what the PEM block is called */
    static PrivateKey decode(String label, byte[] der, Optional<String> password) throws GeneralSecurityException {
        return switch (label) {
            case "PRIVATE KEY" -> pkcs8(der);
            case "RSA PRIVATE KEY" -> pkcs8(framed(RSA, Der.element(Der.NULL), der));
            case "EC PRIVATE KEY" -> pkcs8(framed(EC, curve(der), der));
            case "ENCRYPTED PRIVATE KEY" ->
                pkcs8(decrypted(
                        der,
                        password.orElseThrow(
                                () -> new InvalidKeyException("the key is encrypted and no password is given"))));
            default -> throw new InvalidKeyException("a " + label + " cannot be read; convert it to PKCS#8");
        };
    }

    private static byte[] framed(byte[] algorithm, byte[] parameters, byte[] key) {
        return Der.element(
                Der.SEQUENCE,
                Der.element(Der.INTEGER, new byte[] {0}),
                Der.element(Der.SEQUENCE, Der.element(Der.OID, algorithm), parameters),
                Der.element(Der.OCTETS, key));
    }

    private static byte[] curve(byte[] sec1) throws InvalidKeyException {
        Der key = new Der(new Der(sec1).next(Der.SEQUENCE));
        key.next(Der.INTEGER);
        key.next(Der.OCTETS);
        return key.optional(Der.CONTEXT_0)
                .orElseThrow(() -> new InvalidKeyException("the key does not say its curve; convert it to PKCS#8"));
    }

    private static PrivateKey pkcs8(byte[] der) throws GeneralSecurityException {
        Der info = new Der(new Der(der).next(Der.SEQUENCE));
        info.next(Der.INTEGER);
        String oid = HexFormat.of().formatHex(new Der(info.next(Der.SEQUENCE)).next(Der.OID));
        String algorithm = ALGORITHMS.get(oid);
        if (algorithm == null) {
            throw new InvalidKeyException("the key is neither RSA, EC, Ed25519 nor Ed448");
        }
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    private static byte[] decrypted(byte[] der, String password) throws GeneralSecurityException {
        PBEKeySpec spec = new PBEKeySpec(password.toCharArray());
        try {
            EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(der);
            // For PBES2 the algorithm's own name says nothing; its parameters print as the name that the JDK knows it
            // by.
            String algorithm =
                    info.getAlgName().equals("PBES2") || info.getAlgName().startsWith("1.2.840.113549.1.5.13")
                            ? info.getAlgParameters().toString()
                            : info.getAlgName();
            SecretKey secret = SecretKeyFactory.getInstance(algorithm).generateSecret(spec);
            Cipher cipher = Cipher.getInstance(algorithm);
            cipher.init(Cipher.DECRYPT_MODE, secret, info.getAlgParameters());
            return info.getKeySpec(cipher).getEncoded();
        } catch (IOException | GeneralSecurityException e) {
            throw new InvalidKeyException(
                    "the key cannot be decrypted: the password is wrong, or the way it is encrypted is not known", e);
        } finally {
            spec.clearPassword();
        }
    }
}
