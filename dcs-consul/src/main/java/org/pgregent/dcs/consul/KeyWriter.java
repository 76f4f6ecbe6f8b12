package org.pgregent.dcs.consul;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.Base64;
import java.util.Optional;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsIndeterminateException;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Version;
import org.pgregent.dcs.spi.WriteResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Conditional writes of one key, each one transaction: a check of what is expected, a delete, and the write. The delete is there for
 * two reasons: a write of the value that is there already would move neither index nor watch, and a key that is bound to one session
 * could not be bound to another. Nobody sees the key missing in between.
 */
final class KeyWriter {

    private static final Logger LOG = LoggerFactory.getLogger(KeyWriter.class);

    /**
     * A request may have 512 KiB ({@code txn_max_req_len}), of which the value takes four thirds; the rest is for three times the key.
     */
    static final int VALUE_BYTES_MAX = 380 * 1024;

    private final ConsulHttp http;
    private final Keys keys;

    KeyWriter(ConsulHttp http, Keys keys) {
        this.http = http;
        this.keys = keys;
    }

    WriteResult put(String key, byte[] value, Expect expect, Optional<Lease> lease, Deadline deadline)
            throws DcsException {
        if (value.length > VALUE_BYTES_MAX) {
            throw new DcsRefusedException("the value of " + key + " has " + value.length + " bytes, Consul takes "
                    + VALUE_BYTES_MAX + " at most in a transaction");
        }
        JsonArray operations = checked(key, expect);
        operations.add(operation("delete", key));
        JsonObject write = operation(lease.isPresent() ? "lock" : "set", key);
        write.getAsJsonObject("KV").addProperty("Value", Base64.getEncoder().encodeToString(value));
        lease.ifPresent(on -> write.getAsJsonObject("KV").addProperty("Session", on.id()));
        operations.add(write);
        return run(key, expect, operations, deadline);
    }

    WriteResult delete(String key, Expect expect, Deadline deadline) throws DcsException {
        JsonArray operations = checked(key, expect);
        operations.add(operation("delete", key));
        return run(key, expect, operations, deadline);
    }

    private static JsonArray checked(String key, Expect expect) {
        JsonArray operations = new JsonArray();
        if (expect instanceof Expect.Absent) {
            operations.add(operation("check-not-exists", key));
        } else if (expect instanceof Expect.At at) {
            JsonObject check = operation("check-index", key);
            check.getAsJsonObject("KV").addProperty("Index", index(at.version()));
            operations.add(check);
        } else if (expect instanceof Expect.HeldBy by) {
            JsonObject check = operation("check-session", key);
            check.getAsJsonObject("KV").addProperty("Session", by.lease().id());
            operations.add(check);
        }
        return operations;
    }

    private static long index(Version version) {
        try {
            return Long.parseLong(version.token());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("not a version of this store: " + version, e);
        }
    }

    private static JsonObject operation(String verb, String key) {
        JsonObject kv = new JsonObject();
        kv.addProperty("Verb", verb);
        kv.addProperty("Key", Keys.inConsul(key));
        JsonObject operation = new JsonObject();
        operation.add("KV", kv);
        return operation;
    }

    private WriteResult run(String key, Expect expect, JsonArray operations, Deadline deadline) throws DcsException {
        ConsulHttp.Answer answer = http.put("/v1/txn", operations.toString(), deadline);
        if (answer.status() != 200 && answer.status() != 409) {
            throw http.answers().failure(answer.status(), answer.body(), true);
        }
        JsonObject body = parsed(answer.body());
        if (answer.status() == 200) {
            return new WriteResult.Written(written(body, expect));
        }
        return notWritten(key, expect, body.get("Errors"), deadline);
    }

    private static JsonObject parsed(String body) throws DcsException {
        try {
            return JsonParser.parseString(body).getAsJsonObject();
        } catch (JsonParseException | IllegalStateException e) {
            throw new DcsIndeterminateException("Consul answers a transaction with something else than JSON", e);
        }
    }

    /** The last result is the write's; a delete has none, and what it has deleted is told by what it was expected to be. */
    private static Version written(JsonObject body, Expect expect) {
        JsonElement results = body.get("Results");
        if (results != null
                && results.isJsonArray()
                && !results.getAsJsonArray().isEmpty()) {
            JsonArray all = results.getAsJsonArray();
            JsonObject last = all.get(all.size() - 1).getAsJsonObject().getAsJsonObject("KV");
            return Keys.version(last.get("ModifyIndex").getAsLong());
        }
        return expect instanceof Expect.At at ? at.version() : new Version("gone");
    }

    /** A transaction with an error is undone as a whole. */
    private WriteResult notWritten(String key, Expect expect, JsonElement errors, Deadline deadline)
            throws DcsException {
        boolean unexpected = false;
        boolean leaseGone = false;
        for (JsonElement element : errors.getAsJsonArray()) {
            JsonObject error = element.getAsJsonObject();
            String what = error.get("What").getAsString();
            if (Answers.deniesPermission(what)) {
                throw http.answers().failure(403, what + " (" + key + ")", true);
            }
            // Consul tells why in words only.
            leaseGone |= what.contains("invalid session");
            unexpected |=
                    !(expect instanceof Expect.Anything) && error.get("OpIndex").getAsInt() == 0;
        }
        if (leaseGone) {
            return new WriteResult.LeaseGone();
        }
        if (unexpected) {
            return new WriteResult.Conflict(current(key, deadline));
        }
        throw new DcsUnavailableException("Consul has not written " + key + ": " + errors);
    }

    private Optional<Version> current(String key, Deadline deadline) throws DcsException {
        try {
            return keys.current(key, deadline);
        } catch (DcsUnavailableException e) {
            LOG.debug("what {} is instead is not known", key, e);
            return Optional.empty();
        }
    }
}
