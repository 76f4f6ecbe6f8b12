package org.pgregent.dcs.spi.tls;

import java.io.ByteArrayOutputStream;
import java.security.InvalidKeyException;
import java.util.Arrays;
import java.util.Optional;

/** The few elements of DER that tell one wrapping of a private key from another; nothing of the key itself is read. */
final class Der {

    static final int INTEGER = 0x02;
    static final int OCTETS = 0x04;
    static final int NULL = 0x05;
    static final int OID = 0x06;
    static final int SEQUENCE = 0x30;
    static final int CONTEXT_0 = 0xa0;

    private final byte[] bytes;
    private int at;

    Der(byte[] bytes) {
        this.bytes = bytes;
    }

    /** The content of the next element, which must be of this kind. */
    byte[] next(int tag) throws InvalidKeyException {
        return optional(tag).orElseThrow(() -> new InvalidKeyException("not a private key of a kind that is known"));
    }

    /** The content of the next element if it is of this kind; else nothing is taken. */
    Optional<byte[]> optional(int tag) throws InvalidKeyException {
        if (at >= bytes.length || (bytes[at] & 0xff) != tag) {
            return Optional.empty();
        }
        int start = at + 2;
        if (start > bytes.length) {
            throw cutOff();
        }
        int length = bytes[at + 1] & 0xff;
        if (length > 0x80 && length <= 0x83) {
            int more = length - 0x80;
            if (start + more > bytes.length) {
                throw cutOff();
            }
            length = 0;
            for (int i = 0; i < more; i++) {
                length = length << 8 | (bytes[start + i] & 0xff);
            }
            start += more;
        }
        if (start + length > bytes.length) {
            throw cutOff();
        }
        at = start + length;
        return Optional.of(Arrays.copyOfRange(bytes, start, at));
    }

    private static InvalidKeyException cutOff() {
        return new InvalidKeyException("the key is cut off");
    }

    static byte[] element(int tag, byte[]... contents) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] content : contents) {
            all.writeBytes(content);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        int length = all.size();
        if (length < 0x80) {
            out.write(length);
        } else if (length < 0x100) {
            out.write(0x81);
            out.write(length);
        } else {
            out.write(0x82);
            out.write(length >> 8);
            out.write(length);
        }
        out.writeBytes(all.toByteArray());
        return out.toByteArray();
    }
}
