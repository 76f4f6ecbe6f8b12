package org.pgregent.core.sim;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.pgregent.core.agent.Ports;
import org.pgregent.core.model.GuardView;
import org.pgregent.core.model.PeerAnswers.PeerAnswer;
import org.pgregent.core.port.Clock;
import org.pgregent.core.port.Deadman;
import org.pgregent.core.port.Peers;
import org.pgregent.core.port.Postgres;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsSnapshot;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.spi.Lease;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.dcs.spi.WriteResult;

/** Ports that hand everything on, for mutants to change one thing of. */
final class Wrappers {

    private Wrappers() {}

    static Ports with(Ports p, Dcs dcs) {
        return new Ports(dcs, p.postgres(), p.deadman(), p.peers(), p.clock(), p.tasks(), p.chance(), p.waker());
    }

    static Ports with(Ports p, Postgres postgres) {
        return new Ports(p.dcs(), postgres, p.deadman(), p.peers(), p.clock(), p.tasks(), p.chance(), p.waker());
    }

    static Ports with(Ports p, Deadman deadman) {
        return new Ports(p.dcs(), p.postgres(), deadman, p.peers(), p.clock(), p.tasks(), p.chance(), p.waker());
    }

    static Ports with(Ports p, Peers peers) {
        return new Ports(p.dcs(), p.postgres(), p.deadman(), peers, p.clock(), p.tasks(), p.chance(), p.waker());
    }

    static Ports with(Ports p, Clock clock) {
        return new Ports(p.dcs(), p.postgres(), p.deadman(), p.peers(), clock, p.tasks(), p.chance(), p.waker());
    }

    /** A store's client. */
    static class OtherDcs implements Dcs {
        final Dcs real;

        OtherDcs(Dcs real) {
            this.real = real;
        }

        @Override
        public DcsSnapshot readAll(String prefix, Duration timeout) throws DcsException {
            return real.readAll(prefix, timeout);
        }

        @Override
        public WriteResult put(String key, byte[] value, Expect expect, Optional<Lease> lease, Duration timeout)
                throws DcsException {
            return real.put(key, value, expect, lease, timeout);
        }

        @Override
        public WriteResult delete(String key, Expect expect, Duration timeout) throws DcsException {
            return real.delete(key, expect, timeout);
        }

        @Override
        public Lease grant(Duration ttl, Duration timeout) throws DcsException {
            return real.grant(ttl, timeout);
        }

        @Override
        public boolean renew(Lease lease, Duration timeout) throws DcsException {
            return real.renew(lease, timeout);
        }

        @Override
        public void revoke(Lease lease, Duration timeout) throws DcsException {
            real.revoke(lease, timeout);
        }

        @Override
        public Watch watch(Set<String> keys, Runnable hint) {
            return real.watch(keys, hint);
        }

        @Override
        public void close() {
            real.close();
        }
    }

    /** The agent's end of the guard. */
    static class OtherDeadman implements Deadman {
        final Deadman real;

        OtherDeadman(Deadman real) {
            this.real = real;
        }

        @Override
        public GuardView observe() {
            return real.observe();
        }

        @Override
        public boolean ensure(Duration timeout) {
            return real.ensure(timeout);
        }

        @Override
        public boolean arm(long deadlineNanos, Duration killMargin, Duration timeout) {
            return real.arm(deadlineNanos, killMargin, timeout);
        }

        @Override
        public boolean disarm(Duration timeout) {
            return real.disarm(timeout);
        }

        @Override
        public void quit(Duration timeout) {
            real.quit(timeout);
        }
    }

    /** Answers of peers, changed. */
    static Ports answering(Ports ports, java.util.function.UnaryOperator<PeerAnswer> change) {
        Peers real = ports.peers();
        return with(
                ports, (Peers) (List<Peers.Peer> peers, Duration timeout, Consumer<List<PeerAnswer>> done) -> real.ask(
                        peers,
                        timeout,
                        answers -> done.accept(answers.stream().map(change).toList())));
    }

    /** Whether one of these methods is among the next callers. */
    static boolean calledBy(String simpleClass, String... methods) {
        return StackWalker.getInstance().walk(frames -> frames.limit(8)
                .anyMatch(f -> f.getClassName().endsWith("." + simpleClass)
                        && List.of(methods).contains(f.getMethodName())));
    }

    /** A clock whose monotonic side is told by somebody else. */
    record OtherClock(Clock real, java.util.function.LongSupplier monotonic) implements Clock {
        @Override
        public long monotonicNanos() {
            return monotonic.getAsLong();
        }

        @Override
        public Instant wall() {
            return real.wall();
        }
    }

    /** PostgreSQL, with one call or view changed: a proxy, since the port is wide and a mutant changes one of its calls. */
    static Ports changing(Ports ports, String call, PostgresChange change) {
        Postgres real = ports.postgres();
        return with(ports, (Postgres) java.lang.reflect.Proxy.newProxyInstance(
                Wrappers.class.getClassLoader(), new Class<?>[] {Postgres.class}, (proxy, method, args) -> {
                    try {
                        return method.getName().equals(call)
                                ? change.instead(real, args, () -> method.invoke(real, args))
                                : method.invoke(real, args);
                    } catch (java.lang.reflect.InvocationTargetException thrown) {
                        throw thrown.getCause();
                    }
                }));
    }

    /** What a mutant does in place of one call. */
    interface PostgresChange {
        Object instead(Postgres real, Object[] args, java.util.concurrent.Callable<Object> call) throws Throwable;
    }
}
