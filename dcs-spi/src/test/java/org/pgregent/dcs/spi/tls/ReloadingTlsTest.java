package org.pgregent.dcs.spi.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgregent.dcs.testkit.TestCertificates;
import org.pgregent.dcs.testkit.TestCertificates.Issued;

/** With real handshakes on loopback, and keys in every form OpenSSL writes them in. */
@Timeout(60)
class ReloadingTlsTest {

    @TempDir
    static Path shared;

    private static TestCertificates authority;
    private static Issued server;

    @TempDir
    Path folder;

    @BeforeAll
    static void makeCertificates() throws IOException {
        authority = TestCertificates.in(shared.resolve("authority"));
        server = authority.issue("server", "IP:127.0.0.1", "DNS:localhost");
    }

    private static TlsFiles identity(Path certificate, Path key) {
        return new TlsFiles(
                Optional.of(authority.ca()), Optional.of(certificate), Optional.of(key), Optional.empty(), true);
    }

    private static TlsFiles trusting(Path authorities) {
        return new TlsFiles(Optional.of(authorities), Optional.empty(), Optional.empty(), Optional.empty(), true);
    }

    /** The certificates that the client saw, and the server of the client. */
    private record Seen(X509Certificate server, Optional<X509Certificate> client) {}

    private static Seen handshake(ReloadingTls client, ReloadingTls server, boolean clientAuth) throws Exception {
        try (SSLServerSocket listening = (SSLServerSocket)
                server.context().getServerSocketFactory().createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            listening.setNeedClientAuth(clientAuth);
            CompletableFuture<Optional<X509Certificate>> shown = CompletableFuture.supplyAsync(() -> {
                try (SSLSocket accepted = (SSLSocket) listening.accept()) {
                    accepted.startHandshake();
                    accepted.getOutputStream().write(1);
                    return clientAuth
                            ? Optional.of(
                                    (X509Certificate) accepted.getSession().getPeerCertificates()[0])
                            : Optional.empty();
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            try (SSLSocket socket = (SSLSocket)
                    client.context().getSocketFactory().createSocket("127.0.0.1", listening.getLocalPort())) {
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
                socket.setSSLParameters(parameters);
                socket.startHandshake();
                assertThat(socket.getInputStream().read()).isEqualTo(1);
                return new Seen(
                        (X509Certificate) socket.getSession().getPeerCertificates()[0],
                        shown.get(30, TimeUnit.SECONDS));
            }
        }
    }

    private Path openssl(String out, String... arguments) throws Exception {
        List<String> command = new java.util.ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-out", out));
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("openssl.log").toFile())
                .start();
        assertThat(process.waitFor())
                .as(Files.readString(folder.resolve("openssl.log")))
                .isZero();
        return folder.resolve(out);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "genrsa -traditional 2048",
                "genrsa 2048",
                "ecparam -name prime256v1 -genkey",
                "ecparam -name secp384r1 -genkey -noout",
                "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1",
                "genpkey -algorithm ED25519",
                "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048"
            })
    void takesAKeyInEveryForm(String how) throws Exception {
        Path key = how.startsWith("genrsa") ? genrsa(how) : openssl("key.pem", how.split(" "));
        Path certificate = openssl(
                "cert.pem",
                "req",
                "-x509",
                "-new",
                "-key",
                key.toString(),
                "-days",
                "2",
                "-subj",
                "/CN=x",
                "-addext",
                "subjectAltName=IP:127.0.0.1");
        ReloadingTls serving = ReloadingTls.of(identity(certificate, key));
        Seen seen = handshake(ReloadingTls.of(trusting(certificate)), serving, false);
        assertThat(seen.server().getSubjectX500Principal().getName()).isEqualTo("CN=x");
        assertThat(serving.keyManager()
                        .getServerAliases(seen.server().getPublicKey().getAlgorithm(), null))
                .hasSize(1);
    }

    /** genrsa wants its number last. */
    private Path genrsa(String how) throws Exception {
        Path plain = openssl("plain.pem", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048");
        return how.contains("traditional") ? openssl("key.pem", "rsa", "-traditional", "-in", plain.toString()) : plain;
    }

    @ParameterizedTest
    @ValueSource(strings = {"-v2 aes-256-cbc", "-v2 aes-128-cbc -v2prf hmacWithSHA512", "-v1 PBE-SHA1-3DES"})
    void takesAnEncryptedKeyWithItsPassword(String how) throws Exception {
        List<String> arguments = new java.util.ArrayList<>(
                List.of("pkcs8", "-topk8", "-in", server.key().toString(), "-passout", "pass:geheim"));
        arguments.addAll(List.of(how.split(" ")));
        Path key = openssl("encrypted.pem", arguments.toArray(new String[0]));
        TlsFiles files = new TlsFiles(
                Optional.empty(), Optional.of(server.certificate()), Optional.of(key), Optional.of("geheim"), true);
        assertThat(files.toString()).doesNotContain("geheim");
        assertThat(handshake(ReloadingTls.of(trusting(authority.ca())), ReloadingTls.of(files), false)
                        .server()
                        .getSubjectX500Principal()
                        .getName())
                .isEqualTo("CN=server");
        for (Optional<String> wrong : List.of(Optional.of("falsch"), Optional.<String>empty())) {
            assertThatThrownBy(() -> PemFile.read(key).privateKey(wrong))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("encrypted.pem")
                    .hasMessageContaining("password")
                    .hasMessageNotContaining("falsch");
        }
    }

    @Test
    void saysWhichFileIsWrongAndWhy() throws Exception {
        Path text = Files.writeString(folder.resolve("text.pem"), "no PEM at all");
        Path other = authority.issue("other").key();
        assertThatThrownBy(() -> ReloadingTls.of(trusting(folder.resolve("missing.pem"))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("missing.pem is not there");
        assertThatThrownBy(() -> ReloadingTls.of(trusting(text))).hasMessageContaining("text.pem has no certificate");
        assertThatThrownBy(() -> ReloadingTls.of(identity(server.certificate(), text)))
                .hasMessageContaining("text.pem has no private key");
        assertThatThrownBy(() -> ReloadingTls.of(identity(server.certificate(), other)))
                .hasMessageContaining("does not belong");
        Path old = Files.writeString(
                folder.resolve("old.pem"),
                "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n");
        assertThatThrownBy(() -> PemFile.read(old).privateKey(Optional.of("x"))).hasMessageContaining("openssl pkcs8");
        Path broken = Files.writeString(
                folder.resolve("broken.pem"), "-----BEGIN PRIVATE KEY-----\nMIIA\n-----END PRIVATE KEY-----\n");
        assertThatThrownBy(() -> PemFile.read(broken).privateKey(Optional.empty()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("broken.pem");
    }

    @Test
    void trustsNobodyElseAndNoOtherName() throws Exception {
        ReloadingTls serving = ReloadingTls.of(identity(server.certificate(), server.key()));
        TestCertificates stranger = TestCertificates.in(folder.resolve("stranger"));
        assertThatThrownBy(() -> handshake(ReloadingTls.of(trusting(stranger.ca())), serving, false))
                .isInstanceOf(SSLException.class);
        Issued elsewhere = authority.issue("elsewhere", "DNS:elsewhere.example");
        ReloadingTls wrongName = ReloadingTls.of(identity(elsewhere.certificate(), elsewhere.key()));
        assertThatThrownBy(() -> handshake(ReloadingTls.of(trusting(authority.ca())), wrongName, false))
                .isInstanceOf(SSLException.class);
        TlsFiles unverified =
                new TlsFiles(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), false);
        assertThat(handshake(ReloadingTls.of(unverified), wrongName, false).server())
                .isNotNull();
    }

    @Test
    void showsItsCertificateWhenAsked() throws Exception {
        Issued client = authority.issue("client");
        Path both = Files.writeString(
                folder.resolve("both.pem"),
                Files.readString(client.key()) + "a comment\n" + Files.readString(client.certificate()));
        TlsFiles inOneFile =
                new TlsFiles(Optional.of(authority.ca()), Optional.of(both), Optional.empty(), Optional.empty(), true);
        ReloadingTls serving = ReloadingTls.of(identity(server.certificate(), server.key()));
        Seen seen = handshake(ReloadingTls.of(inOneFile), serving, true);
        assertThat(seen.client().orElseThrow().getSubjectX500Principal().getName())
                .isEqualTo("CN=client");
    }

    @Test
    void noticesThatFilesWereReplaced() throws Exception {
        Path certificate = folder.resolve("server.crt");
        Path key = folder.resolve("server.key");
        Path trusted = folder.resolve("trusted.crt");
        Files.copy(server.certificate(), certificate);
        Files.copy(server.key(), key);
        Files.copy(authority.ca(), trusted);
        ReloadingTls serving = ReloadingTls.of(identity(certificate, key));
        ReloadingTls client = ReloadingTls.of(trusting(trusted));
        assertThat(handshake(client, serving, false)
                        .server()
                        .getSubjectX500Principal()
                        .getName())
                .isEqualTo("CN=server");

        TestCertificates next = TestCertificates.in(folder.resolve("next"));
        Issued renewed = next.issue("renewed", "IP:127.0.0.1");
        Files.copy(renewed.certificate(), certificate, StandardCopyOption.REPLACE_EXISTING);
        // The key does not fit yet: what was goes on.
        assertThat(handshake(client, serving, false)
                        .server()
                        .getSubjectX500Principal()
                        .getName())
                .isEqualTo("CN=server");
        Files.copy(renewed.key(), key, StandardCopyOption.REPLACE_EXISTING);
        assertThatThrownBy(() -> handshake(client, serving, false)).isInstanceOf(SSLException.class);
        Files.copy(next.ca(), trusted, StandardCopyOption.REPLACE_EXISTING);
        assertThat(handshake(client, serving, false)
                        .server()
                        .getSubjectX500Principal()
                        .getName())
                .isEqualTo("CN=renewed");
    }
}
