package org.pgregent.dcs.etcd;

import io.grpc.Status;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsUnavailableException;

/** Reads what etcd, gRPC and TLS say when something fails. */
final class Failures {

    private final EtcdSettings settings;

    Failures(EtcdSettings settings) {
        this.settings = settings;
    }

    /** The token has run out, or the server has forgotten it: nothing was done, and a new one helps. */
    static boolean isTokenInvalid(AttemptFailedException failure) {
        return says(failure, "invalid auth token") || says(failure, "revision of auth store is old");
    }

    /** A user is given, but the servers want none. */
    static boolean isAuthOff(AttemptFailedException failure) {
        return says(failure, "authentication is not enabled");
    }

    static boolean isLeaseGone(AttemptFailedException failure) {
        return says(failure, "requested lease not found");
    }

    /** An answer that the server itself gave, which says that nothing was done. */
    Optional<DcsException> answer(AttemptFailedException failure, String what) {
        String section = settings.section();
        String user = settings.login().map(login -> "'" + login.user() + "'").orElse("nobody");
        if (says(failure, "invalid user ID or password")) {
            return refused(
                    failure,
                    section + ".username is " + user
                            + ", and etcd does not take the password; set username and password as etcd knows them");
        }
        if (says(failure, "user name is empty")) {
            return refused(
                    failure,
                    section
                            + ".username is missing, but etcd wants a login; set username and password of a user who may"
                            + " read and write the cluster's keys");
        }
        if (says(failure, "permission denied")) {
            return refused(
                    failure,
                    section + ".username is " + user + ", who may not " + what
                            + "; grant that user's role readwrite on the prefix of the cluster's keys");
        }
        if (says(failure, "request is too large") || says(failure, "message larger than max")) {
            return refused(
                    failure, what + ": too large for etcd; raise --max-request-bytes of the servers, or store less");
        }
        if (failure.status().getCode() == Status.Code.UNIMPLEMENTED) {
            return refused(failure, what + ": the server does not know that; etcd 3.4 or later is needed");
        }
        if (says(failure, "too large lease TTL")) {
            return refused(failure, what + ": longer than etcd can count; lower ttl");
        }
        if (says(failure, "database space exceeded")) {
            return Optional.of(new DcsUnavailableException(
                    what + ": etcd's database is full; compact and defragment it, then disarm the alarm (etcdctl alarm"
                            + " disarm)",
                    failure));
        }
        if (says(failure, "too many requests")) {
            return Optional.of(new DcsUnavailableException(what + ": etcd has too many requests", failure));
        }
        return Optional.empty();
    }

    /** What is wrong with TLS for good, as far as this one server goes. */
    Optional<DcsRefusedException> tls(AttemptFailedException failure, Endpoint server) {
        String section = settings.section();
        String where = section + "." + settings.hostsKey() + ": the server " + server.authority();
        SSLException ssl = find(failure, SSLException.class);
        if (ssl == null) {
            return Optional.empty();
        }
        String all = messages(ssl);
        if (ssl.getClass().getSimpleName().equals("NotSslRecordException")) {
            return refusedTls(ssl, where + " does not speak TLS; set " + section + ".protocol to http");
        }
        if (all.contains("no subject alternative") || all.contains("no name matching")) {
            return refusedTls(
                    ssl,
                    where + " has a certificate for another name; write the name it has, or issue one for this name");
        }
        if (find(ssl, CertificateExpiredException.class) != null || all.contains("validity check failed")) {
            return refusedTls(
                    ssl, where + " has a certificate that is not valid now; renew it, or set the clock right");
        }
        if (find(ssl, CertificateException.class) != null || all.contains("pkix path")) {
            return refusedTls(
                    ssl,
                    where + " has a certificate that " + section + ".cacert ("
                            + settings.tls().cacert().map(Object::toString).orElse("not set: the JDK's authorities")
                            + ") does not vouch for; set cacert to the authority that issued it");
        }
        if (isAboutOurs(all)) {
            return refusedTls(
                    ssl,
                    where + " does not accept " + section + ".cert ("
                            + settings.tls().cert().map(Object::toString).orElse("not set")
                            + "); set cert and key to a certificate of an authority it trusts and its key");
        }
        return Optional.empty();
    }

    /** The alert by which a server ends a handshake names what it finds wrong with the client's certificate or key. */
    static boolean isAboutOurs(String messages) {
        return messages.contains("fatal alert")
                && (messages.contains("certificate")
                        || messages.contains("unknown_ca")
                        || messages.contains("decrypt_error"));
    }

    private static Optional<DcsException> refused(AttemptFailedException failure, String message) {
        return Optional.of(new DcsRefusedException(message, failure));
    }

    private static Optional<DcsRefusedException> refusedTls(SSLException ssl, String message) {
        return Optional.of(new DcsRefusedException(message, ssl));
    }

    private static boolean says(AttemptFailedException failure, String words) {
        return messages(failure).contains(words.toLowerCase(Locale.ROOT));
    }

    /** Of the whole chain, in lower case: a failed login is only a cause of the failed request. */
    static String messages(Throwable failure) {
        StringBuilder all = new StringBuilder();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            all.append(cause.getMessage()).append('\n');
        }
        return all.toString().toLowerCase(Locale.ROOT);
    }

    static <E extends Throwable> @Nullable E find(Throwable failure, Class<E> kind) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (kind.isInstance(cause)) {
                return kind.cast(cause);
            }
        }
        return null;
    }

    /** The last word in the chain, which is the nearest to what happened: "Connection refused" rather than "io exception". */
    static String reason(AttemptFailedException failure) {
        Throwable last = failure;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null) {
                last = cause;
            }
        }
        String text = String.valueOf(last.getMessage());
        return text.length() > 200 ? text.substring(0, 200) + "..." : text;
    }
}
