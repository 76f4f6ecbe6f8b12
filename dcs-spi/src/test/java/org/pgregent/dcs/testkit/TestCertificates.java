package org.pgregent.dcs.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A certificate authority for one test, made with {@code openssl}; all files are PEM. */
public final class TestCertificates {

    /** @param key readable by its owner alone */
    public record Issued(Path certificate, Path key) {}

    private final Path folder;
    private int serial;

    private TestCertificates(Path folder) {
        this.folder = folder;
    }

    public static TestCertificates in(Path folder) throws IOException {
        Files.createDirectories(folder);
        // Whoever may enter the folder around it, such as the user that an agent becomes, may read what is not secret.
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        TestCertificates made = new TestCertificates(folder);
        made.openssl(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test-authority"
                        + " -addext basicConstraints=critical,CA:TRUE -keyout ca.key -out ca.crt");
        forAll(made.ca());
        return made;
    }

    public Path ca() {
        return folder.resolve("ca.crt");
    }

    /**
     * A certificate for servers and clients alike.
     *
     * @param name the common name and the start of the files' names
     * @param subjectAltNames as OpenSSL writes them, such as {@code IP:127.0.0.1} or {@code DNS:localhost}
     */
    public Issued issue(String name, String... subjectAltNames) throws IOException {
        String file = name + "-" + ++serial;
        Files.writeString(
                folder.resolve(file + ".ext"),
                "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\n"
                        + (subjectAltNames.length == 0 ? "" : "subjectAltName=" + String.join(",", subjectAltNames))
                        + "\n");
        openssl("req -newkey rsa:2048 -nodes -subj /CN=" + name + " -keyout " + file + ".key -out " + file + ".csr");
        openssl("x509 -req -in " + file + ".csr -CA ca.crt -CAkey ca.key -days 2 -set_serial " + (1000 + serial)
                + " -extfile " + file + ".ext -out " + file + ".crt");
        forAll(folder.resolve(file + ".crt"));
        return new Issued(folder.resolve(file + ".crt"), folder.resolve(file + ".key"));
    }

    private static void forAll(Path certificate) throws IOException {
        Files.setPosixFilePermissions(certificate, PosixFilePermissions.fromString("rw-r--r--"));
    }

    private void openssl(String arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments.split(" ")));
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("openssl.log").toFile())
                .start();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IOException("openssl failed: " + Files.readString(folder.resolve("openssl.log")));
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
