package org.pgregent.dcs.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Version;
import org.pgregent.dcs.spi.WriteResult;

/**
 * Conditional writes of one key, each one transaction: compare, then write, or else tell what is there. A version is the revision
 * of the key's last change, which etcd never gives twice, to no key and in no life of it.
 *
 * <p>jetcd cannot compare the lease a key hangs on. It need not: a key that is still at a revision at which it was seen on a
 * lease is still on it, and while such a key is there its lease has not ended. So {@link Expect.HeldBy} compares the revision
 * at which we wrote the key, and if that does not fit, the one at which the answer shows it on the lease. A transaction that did
 * not fit has done nothing, so trying another revision is no retry of a write.
 */
final class KeyWriter {

    /** Fits no key, not even an absent one: a way to look only. */
    private static final long NEVER = -1;

    private final Calls calls;
    /** At which revision a key was last written with a lease; a guess, the transaction decides. */
    private final Map<String, Long> lastWritten = new ConcurrentHashMap<>();

    KeyWriter(Calls calls) {
        this.calls = calls;
    }

    WriteResult put(String key, byte[] value, Expect expect, Optional<Lease> lease, Deadline deadline)
            throws DcsException {
        PutOption.Builder option = PutOption.builder();
        lease.ifPresent(one -> option.withLeaseId(Leases.number(one)));
        Op put = Op.put(bytes(key), ByteSequence.from(value), option.build());
        try {
            WriteResult result = write(key, expect, put, deadline);
            if (result instanceof WriteResult.Written written && lease.isPresent()) {
                lastWritten.put(key, Long.parseLong(written.version().token()));
            } else {
                lastWritten.remove(key);
            }
            return result;
        } catch (Calls.LeaseGoneException gone) {
            return new WriteResult.LeaseGone();
        }
    }

    WriteResult delete(String key, Expect expect, Deadline deadline) throws DcsException {
        Op delete =
                Op.delete(bytes(key), DeleteOption.builder().withPrevKV(true).build());
        try {
            return write(key, expect, delete, deadline);
        } catch (Calls.LeaseGoneException gone) {
            throw new DcsUnavailableException("etcd answers a deletion with an ended lease", gone);
        }
    }

    private WriteResult write(String key, Expect expect, Op write, Deadline deadline)
            throws DcsException, Calls.LeaseGoneException {
        if (expect instanceof Expect.HeldBy by) {
            return writeHeld(key, Leases.number(by.lease()), write, deadline);
        }
        Optional<CmpTarget<?>> target = Optional.empty();
        if (expect instanceof Expect.Absent) {
            target = Optional.of(CmpTarget.createRevision(0));
        } else if (expect instanceof Expect.At at) {
            target = Optional.of(CmpTarget.modRevision(revision(at.version())));
        }
        TxnResponse answer = transact(key, target, write, deadline);
        return answer.isSucceeded()
                ? new WriteResult.Written(version(answer))
                : new WriteResult.Conflict(current(answer).map(KeyWriter::version));
    }

    private WriteResult writeHeld(String key, long lease, Op write, Deadline deadline)
            throws DcsException, Calls.LeaseGoneException {
        long revision = lastWritten.getOrDefault(key, NEVER);
        while (true) {
            TxnResponse answer = transact(key, Optional.of(CmpTarget.modRevision(revision)), write, deadline);
            if (answer.isSucceeded()) {
                return new WriteResult.Written(version(answer));
            }
            Optional<KeyValue> current = current(answer);
            if (current.isEmpty() || current.get().getLease() != lease) {
                return new WriteResult.Conflict(current.map(KeyWriter::version));
            }
            if (deadline.isOver()) {
                throw new DcsUnavailableException("nothing was written to " + key + " within "
                        + deadline.timeout().toMillis() + " ms: it keeps changing");
            }
            revision = current.get().getModRevision();
        }
    }

    private TxnResponse transact(String key, Optional<CmpTarget<?>> target, Op write, Deadline deadline)
            throws DcsException, Calls.LeaseGoneException {
        return calls.call(Calls.Kind.WRITE, "write " + key, deadline, client -> {
            var transaction = client.getKVClient().txn();
            if (target.isPresent()) {
                transaction.If(new Cmp(bytes(key), Cmp.Op.EQUAL, target.get()));
            }
            return transaction.Then(write)
                    .Else(Op.get(bytes(key), GetOption.DEFAULT))
                    .commit();
        });
    }

    private static Optional<KeyValue> current(TxnResponse answer) {
        return answer.getGetResponses().stream()
                .flatMap(get -> get.getKvs().stream())
                .findFirst();
    }

    private static Version version(TxnResponse answer) {
        if (answer.getDeleteResponses().isEmpty()) {
            return new Version(Long.toString(answer.getHeader().getRevision()));
        }
        List<KeyValue> deleted = answer.getDeleteResponses().get(0).getPrevKvs();
        return deleted.isEmpty() ? new Version("absent") : version(deleted.get(0));
    }

    static Version version(KeyValue state) {
        return new Version(Long.toString(state.getModRevision()));
    }

    private static long revision(Version version) {
        try {
            return Long.parseLong(version.token());
        } catch (NumberFormatException notOfAnyKey) {
            return NEVER;
        }
    }

    static ByteSequence bytes(String key) {
        return ByteSequence.from(key, UTF_8);
    }
}
