package org.pgregent.dcs.spi.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.List;
import java.util.Optional;

/** Who this side is: a certificate, those between it and its authority, and the key that belongs to it. */
record Identity(List<X509Certificate> chain, PrivateKey key) {

    static Identity read(Path certificates, Path key, Optional<String> password) throws IOException {
        Identity read = new Identity(
                PemFile.read(certificates).certificates(), PemFile.read(key).privateKey(password));
        // Between the replacement of one file and of the other they do not fit, and a handshake with them would fail.
        if (!read.fits()) {
            throw new IOException("the key in " + key + " does not belong to the certificate in " + certificates);
        }
        return read;
    }

    private boolean fits() {
        String algorithm =
                switch (key.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    default -> key.getAlgorithm();
                };
        byte[] message = {1};
        try {
            Signature signature = Signature.getInstance(algorithm);
            if (algorithm.equals("RSASSA-PSS")) {
                signature.setParameter(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
            }
            signature.initSign(key);
            signature.update(message);
            byte[] proof = signature.sign();
            signature.initVerify(chain.get(0).getPublicKey());
            signature.update(message);
            return signature.verify(proof);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /** @param keyType as the JDK's handshake asks for it, such as {@code EC} or {@code EC_RSA} */
    boolean serves(String keyType) {
        String own = key.getAlgorithm();
        return keyType.equals(own) || keyType.startsWith(own + "_");
    }
}
