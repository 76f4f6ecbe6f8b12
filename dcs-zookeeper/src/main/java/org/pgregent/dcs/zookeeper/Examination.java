package org.pgregent.dcs.zookeeper;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;
import org.pgregent.dcs.zookeeper.Doctor.Finding;

/** Asks each server once why it cannot be used. Every remedy names a key the user has written, or could have. */
final class Examination implements Supplier<Finding> {

    private static final Duration PER_SERVER = Duration.ofSeconds(1);
    private static final char TLS_ALERT = 21;

    private final ZooKeeperSettings settings;
    private final Optional<StoreTls> tls;

    Examination(ZooKeeperSettings settings, Optional<StoreTls> tls) {
        this.settings = settings;
        this.tls = tls;
    }

    /** One server that may be waited for gives hope. */
    @Override
    public Finding get() {
        List<Finding> all = settings.hosts().stream().map(this::examine).toList();
        return new Finding(
                all.stream().allMatch(Finding::hopeless),
                all.stream().map(Finding::text).distinct().collect(Collectors.joining("; ")));
    }

    private Finding examine(HostPort server) {
        try {
            String answer = ServerStatus.ask(server, tls, Math.toIntExact(PER_SERVER.toMillis()));
            if (answer.contains("Mode: ")) {
                return waiting(server + " serves, but took no session yet");
            }
            if (answer.contains("not currently serving")) {
                return waiting(server + " has no quorum: start more of the servers, or look into its log");
            }
            if (answer.isEmpty() || answer.charAt(0) == TLS_ALERT) {
                return waiting(server + " wants TLS, or has no room: " + useTls() + ", or look into the server's log");
            }
            return waiting(server + " answers, but took no session yet");
        } catch (UnknownHostException e) {
            return waiting(servers() + " names " + server + ", which cannot be resolved: correct it or the DNS");
        } catch (ConnectException e) {
            return waiting("nobody listens at " + server + ": start the server, or correct " + servers());
        } catch (SocketTimeoutException e) {
            return waiting("no answer from " + server + " within " + PER_SERVER.toMillis()
                    + " ms: look at the server and the network"
                    + (tls.isPresent() ? "" : ", or " + useTls() + " if that port wants TLS"));
        } catch (SSLException e) {
            return ofTls(server, e);
        } catch (IOException e) {
            return waiting(server + " cannot be used: " + e.getMessage());
        }
    }

    private Finding ofTls(HostPort server, SSLException e) {
        String said = String.valueOf(e.getMessage());
        String small = said.toLowerCase(Locale.ROOT);
        if (small.contains("no subject alternative") || small.contains("no name matching")) {
            return hopeless("the certificate of " + server + " is not for that name (" + said + "): write a name of the"
                    + " certificate into " + servers() + ", or issue another certificate");
        }
        if (isCausedBy(e, CertPathBuilderException.class) || small.contains("chain") || small.contains("signature")) {
            return hopeless("the certificate of " + server + " is not signed by " + authority() + ": name the authority"
                    + " that signed it in " + key("cacert"));
        }
        if (isCausedBy(e, CertPathValidatorException.class) || isCausedBy(e, CertificateException.class)) {
            return hopeless("the certificate of " + server + " is not valid (" + said + "): renew it");
        }
        if (small.contains("received fatal alert") && (small.contains("certificate") || small.contains("unknown_ca"))) {
            return hopeless(server + " does not take our certificate (" + said + "): give one it trusts in "
                    + key("cert") + " and " + key("key"));
        }
        if (small.contains("unsupported or unrecognized") || isCausedBy(e, EOFException.class)) {
            return waiting(server + " does not answer in TLS: "
                    + (settings.ownsTree()
                            ? "give its agent " + ofTls() + " as well, or remove them here"
                            : "name its secureClientPort in " + servers() + ", or set " + key("use_ssl")
                                    + " to false"));
        }
        return waiting("TLS with " + server + " failed: " + said);
    }

    private String authority() {
        return tls.flatMap(files -> files.settings().files().trusted())
                .map(file -> key("cacert") + " '" + file + "'")
                .orElse("any authority this Java knows");
    }

    private String useTls() {
        return settings.ownsTree() ? "set " + ofTls() : "set " + key("use_ssl") + " to true";
    }

    private String ofTls() {
        return key("cacert") + ", .cert and .key";
    }

    private String servers() {
        return key(settings.ownsTree() ? "servers" : "hosts");
    }

    private String key(String name) {
        return settings.section() + (settings.ownsTree() ? ".embedded." : ".") + name;
    }

    private static boolean isCausedBy(Throwable e, Class<? extends Throwable> kind) {
        for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
            if (kind.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }

    private static Finding waiting(String text) {
        return new Finding(false, text);
    }

    private static Finding hopeless(String text) {
        return new Finding(true, text);
    }
}
