package org.pgregent.dcs.consul;

import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertificateException;
import java.util.Set;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsUnavailableException;

/** What may be concluded from an answer of Consul that is no yes, or from none. */
record Answers(ConsulSettings settings) {

    /** In these words and no more: only then it is certain that no server has taken the request up. */
    private static final Set<String> NOT_TAKEN_UP =
            Set.of("No cluster leader", "rpc error making call: No cluster leader", "No known Consul servers");

    /** @param changes the request was to change something */
    DcsException failure(int status, String body, boolean changes) {
        String text = body.strip();
        String said = "Consul at " + settings.address() + " answers " + status + ": " + text;
        if (status == 403 || status == 401 || deniesPermission(text)) {
            return new DcsRefusedException(said + "; check " + settings.section()
                    + ".token: it needs write on key_prefix of the cluster's path and on session_prefix \"\", and on"
                    + " service_prefix if register_service is on");
        }
        if (status == 500 && text.contains("No path to datacenter")) {
            return new DcsRefusedException(said + "; check " + settings.section() + ".dc");
        }
        if (status == 400 && text.contains("HTTP request to an HTTPS server")) {
            return new DcsRefusedException(said + "; set " + settings.section() + ".scheme to https");
        }
        if (status == 413) {
            return new DcsRefusedException(said);
        }
        if (status == 429 || status == 500 && NOT_TAKEN_UP.contains(text)) {
            return new DcsUnavailableException(said);
        }
        if (status >= 300 && status < 500) {
            return new DcsRefusedException(said + "; is it a Consul agent at all?");
        }
        return changes ? new DcsIndeterminateException(said) : new DcsUnavailableException(said);
    }

    static boolean deniesPermission(String text) {
        return text.contains("Permission denied") || text.contains("ACL not found");
    }

    DcsException failure(Throwable failure, boolean changes) {
        String at = settings.address().toString();
        if (failure instanceof ConnectException
                || failure instanceof HttpConnectTimeoutException
                || caused(failure, UnresolvedAddressException.class) != null) {
            return new DcsUnavailableException(
                    "no connection to Consul at " + at + " (" + reason(failure) + ")", failure);
        }
        if (failure instanceof SSLException) {
            return tlsFailure(failure, changes);
        }
        String what = "the connection to Consul at " + at + " broke (" + reason(failure) + ")";
        return changes ? new DcsIndeterminateException(what, failure) : new DcsUnavailableException(what, failure);
    }

    private DcsException tlsFailure(Throwable failure, boolean changes) {
        String section = settings.section();
        Throwable certificate = caused(failure, CertificateException.class);
        if (certificate != null) {
            return new DcsRefusedException(
                    "the certificate of Consul at " + settings.address() + " is not accepted (" + reason(certificate)
                            + "); check " + section + ".cacert, and that host is a name in the certificate",
                    failure);
        }
        String text = String.valueOf(failure.getMessage());
        if (text.contains("ecognized SSL message")) {
            return new DcsRefusedException(
                    "Consul at " + settings.address() + " does not speak TLS; set " + section
                            + ".scheme to http, or name its HTTPS port",
                    failure);
        }
        if (text.contains("Received fatal alert") && text.contains("certificate") || text.contains("unknown_ca")) {
            return new DcsRefusedException(
                    "Consul at " + settings.address() + " does not accept our certificate (" + text + "); check "
                            + section + ".cert and " + section + ".key",
                    failure);
        }
        String what = "no TLS with Consul at " + settings.address() + " (" + text + ")";
        return !changes || failure instanceof SSLHandshakeException
                ? new DcsUnavailableException(what, failure)
                : new DcsIndeterminateException(what, failure);
    }

    private static String reason(Throwable failure) {
        Throwable deepest = failure;
        while (deepest.getCause() != null) {
            deepest = deepest.getCause();
        }
        return deepest.getMessage() == null ? deepest.getClass().getSimpleName() : deepest.getMessage();
    }

    private static @Nullable Throwable caused(@Nullable Throwable failure, Class<? extends Throwable> kind) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (kind.isInstance(each)) {
                return each;
            }
        }
        return null;
    }
}
