package org.pgregent.dcs.etcd;

import io.etcd.jetcd.Client;
import io.etcd.jetcd.common.exception.ErrorCode;
import io.etcd.jetcd.common.exception.EtcdException;
import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientStreamTracer;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.pgregent.dcs.spi.DcsIndeterminateException;

/**
 * One request to one server, with what jetcd's own calls lack: a deadline of its own, a way to take it back, and the knowledge
 * whether it was ever sent. It travels from the calling thread to jetcd's channel in gRPC's context.
 */
final class Attempt {

    private static final Context.Key<Attempt> CURRENT = Context.key("pgregent-attempt");
    private static final String AUTH = "etcdserverpb.Auth";

    /** Belongs into every client these attempts are made with. */
    static final ClientInterceptor INTERCEPTOR = new ClientInterceptor() {
        @Override
        public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
            Attempt attempt = CURRENT.get();
            // A watch has no end.
            return next.newCall(method, attempt == null ? options : attempt.limit(method, options));
        }
    };

    private final Deadline deadline;
    private volatile boolean sent;

    Attempt(Deadline deadline) {
        this.deadline = deadline;
    }

    private CallOptions limit(MethodDescriptor<?, ?> method, CallOptions options) {
        CallOptions limited = options.withDeadlineAfter(Math.max(0, deadline.leftNanos()), TimeUnit.NANOSECONDS);
        // Asking for a token, which jetcd does in between, is not yet the request.
        return AUTH.equals(method.getServiceName()) ? limited : limited.withStreamTracerFactory(new Sending());
    }

    /** A stream comes to be when a connection stands and the request is about to be written to it. */
    private final class Sending extends ClientStreamTracer.Factory {
        @Override
        public ClientStreamTracer newClientStreamTracer(ClientStreamTracer.StreamInfo info, Metadata headers) {
            return new ClientStreamTracer() {
                @Override
                public void streamCreated(Attributes transport, Metadata sentHeaders) {
                    sent = true;
                }
            };
        }
    }

    /** @param unsentNanos how long to wait at most for the request to get on its way */
    <T> T run(Client client, Function<Client, CompletableFuture<T>> request, long unsentNanos)
            throws AttemptFailedException, DcsIndeterminateException {
        Context.CancellableContext context =
                Context.current().withValue(CURRENT, this).withCancellation();
        CompletableFuture<T> answer;
        Context before = context.attach();
        try {
            answer = request.apply(client);
        } catch (RuntimeException e) {
            throw new AttemptFailedException(Status.UNAVAILABLE.withDescription("the client is closed"), e, sent);
        } finally {
            context.detach(before);
        }
        try {
            return await(answer, unsentNanos);
        } catch (InterruptedException e) {
            throw Deadline.interrupted(e);
        } catch (TimeoutException e) {
            // Only a request that is taken back before it was sent is certain not to be sent.
            context.cancel(e);
            throw new AttemptFailedException(
                    Status.DEADLINE_EXCEEDED.withDescription(sent ? "no answer" : "no connection"), e, sent);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new AttemptFailedException(statusOf(cause), cause, sent);
        } finally {
            context.cancel(null);
        }
    }

    private <T> T await(CompletableFuture<T> answer, long unsentNanos)
            throws InterruptedException, ExecutionException, TimeoutException {
        try {
            return answer.get(Math.max(0, Math.min(unsentNanos, deadline.leftNanos())), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            if (!sent || deadline.isOver()) {
                throw e;
            }
            return answer.get(Math.max(0, deadline.leftNanos()), TimeUnit.NANOSECONDS);
        }
    }

    private static Status statusOf(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            // jetcd's own exception may be all there is.
            if (cause instanceof EtcdException own && own.getCause() == null) {
                Status.Code code =
                        own.getErrorCode() == ErrorCode.NOT_FOUND ? Status.Code.NOT_FOUND : Status.Code.UNKNOWN;
                return code.toStatus().withDescription(own.getMessage());
            }
        }
        return Status.fromThrowable(failure);
    }
}
