package org.pgregent.dcs.etcd;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.pgregent.dcs.testkit.FreePorts;
import org.pgregent.dcs.testkit.ServerProcess;
import org.pgregent.dcs.testkit.TcpProxy;
import org.pgregent.dcs.testkit.TestCertificates;

/**
 * A cluster of etcd servers on loopback, in a folder of their own. Clients reach each server through a proxy of its own, which is
 * also the address it announces; the servers reach each other through proxies as well. So either network can fail.
 * Their timers are short, so that short leases are granted and a lost leading server is replaced within a second or two.
 */
public final class EtcdServer implements AutoCloseable {

    /** Generous: this is waited for, not measured. */
    private static final long PATIENCE_SECONDS = 60;

    /**
     * @param members how many servers
     * @param tls certificates for clients to check; none for plain HTTP
     * @param clientCertificates clients have to show one of the same authority
     * @param flags further ones of the server
     */
    public record Setup(int members, Optional<TestCertificates> tls, boolean clientCertificates, List<String> flags) {

        public static Setup of(int members) {
            return new Setup(members, Optional.empty(), false, List.of());
        }

        public Setup withTls(TestCertificates authority, boolean wantsClientCertificates) {
            return new Setup(members, Optional.of(authority), wantsClientCertificates, flags);
        }

        public Setup withFlags(String... more) {
            return new Setup(members, tls, clientCertificates, List.of(more));
        }
    }

    private final Setup setup;
    private final Path folder;
    private final List<Integer> clientPorts;
    private final List<Integer> peerPorts;
    private final List<TcpProxy> clientProxies = new ArrayList<>();
    private final List<TcpProxy> peerProxies = new ArrayList<>();
    private final List<Optional<ServerProcess>> processes = new ArrayList<>();
    private Optional<TestCertificates.Issued> serverCertificate = Optional.empty();
    private Optional<TestCertificates.Issued> ownCertificate = Optional.empty();
    private Optional<String> login = Optional.empty();
    private int starts;

    private EtcdServer(Setup setup, Path folder) throws IOException {
        this.setup = setup;
        this.folder = folder;
        List<Integer> ports = FreePorts.take(2 * setup.members);
        this.clientPorts = ports.subList(0, setup.members);
        this.peerPorts = ports.subList(setup.members, 2 * setup.members);
        for (int i = 0; i < setup.members; i++) {
            clientProxies.add(new TcpProxy(clientPorts.get(i)));
            peerProxies.add(new TcpProxy(peerPorts.get(i)));
            processes.add(Optional.empty());
        }
        if (setup.tls.isPresent()) {
            serverCertificate = Optional.of(setup.tls.get().issue("etcd-server", "IP:127.0.0.1"));
            ownCertificate = Optional.of(setup.tls.get().issue("etcd-root", "DNS:client"));
        }
    }

    /** One server, started and serving. */
    public static EtcdServer start() throws IOException, InterruptedException {
        return start(Setup.of(1));
    }

    /** All servers started and serving. */
    public static EtcdServer start(Setup setup) throws IOException, InterruptedException {
        EtcdServer cluster = new EtcdServer(setup, Files.createTempDirectory("etcd-"));
        try {
            cluster.startAll();
            cluster.awaitServing();
            return cluster;
        } catch (IOException | InterruptedException | RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    public int members() {
        return setup.members;
    }

    /** {@code host:port} of each server's proxy, for {@code hosts}. */
    public List<String> hosts() {
        return clientProxies.stream().map(proxy -> "127.0.0.1:" + proxy.port()).toList();
    }

    /** The section {@code etcd3} for a client of all servers, without TLS and login. */
    public Map<String, Object> section() {
        return Map.of("hosts", hosts());
    }

    public TcpProxy clientProxy(int member) {
        return clientProxies.get(member);
    }

    /** What lets go and stops what clients say to all servers. */
    public List<TcpProxy> clientProxies() {
        return List.copyOf(clientProxies);
    }

    public Path folder() {
        return folder;
    }

    public void startAll() throws IOException {
        for (int i = 0; i < setup.members; i++) {
            start(i);
        }
    }

    public void start(int member) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "etcd",
                "--name=m" + member,
                "--data-dir=" + folder.resolve("m" + member),
                "--listen-client-urls=" + scheme() + "127.0.0.1:" + clientPorts.get(member),
                "--advertise-client-urls=" + scheme() + hosts().get(member),
                "--listen-peer-urls=http://127.0.0.1:" + peerPorts.get(member),
                "--initial-advertise-peer-urls=" + peerUrl(member),
                "--initial-cluster="
                        + IntStream.range(0, setup.members)
                                .mapToObj(i -> "m" + i + "=" + peerUrl(i))
                                .collect(Collectors.joining(",")),
                "--heartbeat-interval=50",
                "--election-timeout=500",
                "--log-level=warn"));
        serverCertificate.ifPresent(issued -> {
            command.add("--cert-file=" + issued.certificate());
            command.add("--key-file=" + issued.key());
            if (setup.clientCertificates) {
                command.add("--client-cert-auth");
                command.add("--trusted-ca-file=" + setup.tls.orElseThrow().ca());
            }
        });
        command.addAll(setup.flags);
        processes.set(member, Optional.of(ServerProcess.start("m" + member + "-" + ++starts, folder, command)));
    }

    private String scheme() {
        return setup.tls.isPresent() ? "https://" : "http://";
    }

    private String peerUrl(int member) {
        return "http://127.0.0.1:" + peerProxies.get(member).port();
    }

    public void kill(int member) throws InterruptedException {
        processes.get(member).orElseThrow().kill();
    }

    public void killAll() throws InterruptedException {
        for (int i = 0; i < setup.members; i++) {
            kill(i);
        }
    }

    public void freeze(int member) throws IOException, InterruptedException {
        processes.get(member).orElseThrow().freeze();
    }

    public void thaw(int member) throws IOException, InterruptedException {
        processes.get(member).orElseThrow().thaw();
    }

    /** No server hears another any more; all of them still hear their clients. */
    public void partition() throws IOException {
        for (TcpProxy proxy : peerProxies) {
            proxy.drop();
        }
    }

    public void heal() throws IOException {
        for (TcpProxy proxy : peerProxies) {
            proxy.pass();
        }
    }

    /** Which server has the lead; empty while none has. */
    public Optional<Integer> leading() throws IOException, InterruptedException {
        return leadingBut(-1);
    }

    /** As {@link #leading}, without asking the one given, which may not answer. */
    public Optional<Integer> leadingBut(int notAsked) throws IOException, InterruptedException {
        Pattern fields = Pattern.compile("\"member_id\":(\\d+).*\"leader\":(\\d+)");
        for (int i = 0; i < setup.members; i++) {
            if (i == notAsked || processes.get(i).filter(ServerProcess::alive).isEmpty()) {
                continue;
            }
            Matcher matcher = fields.matcher(ctl(i, "endpoint", "status", "-w", "json", "--command-timeout=1s"));
            if (matcher.find() && matcher.group(1).equals(matcher.group(2))) {
                return Optional.of(i);
            }
        }
        return Optional.empty();
    }

    public int awaitLeading() throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (System.nanoTime() < end) {
            Optional<Integer> leading = leading();
            if (leading.isPresent()) {
                return leading.get();
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        throw new IllegalStateException("no server of etcd takes the lead");
    }

    /** Until a write is agreed on. */
    public void awaitServing() throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        String said = "";
        while (System.nanoTime() < end) {
            for (int i = 0; i < setup.members; i++) {
                said = ctl(i, "put", "/serving", "yes", "--command-timeout=2s");
                if (said.contains("OK")) {
                    return;
                }
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        throw new IllegalStateException("etcd does not serve: " + said);
    }

    /** Wants a login from now on: {@code root} with the same password, and the given user for everything below {@code /}. */
    public void wantLogin(String user, String password) throws IOException, InterruptedException {
        for (String[] command : new String[][] {
            {"user", "add", "root:root"},
            {"user", "add", user + ":" + password},
            {"role", "add", "keys"},
            {"role", "grant-permission", "keys", "--prefix=true", "readwrite", "/"},
            {"user", "grant-role", user, "keys"},
            {"user", "grant-role", "root", "root"},
            {"auth", "enable"}
        }) {
            ctl(0, command);
        }
        login = Optional.of("root:root");
    }

    /** What {@code etcdctl} prints, of either kind; past all proxies. */
    public String ctl(int member, String... arguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of("etcdctl", "--endpoints=" + scheme() + "127.0.0.1:" + clientPorts.get(member)));
        setup.tls.ifPresent(authority -> command.add("--cacert=" + authority.ca()));
        ownCertificate.ifPresent(own -> {
            command.add("--cert=" + own.certificate());
            command.add("--key=" + own.key());
        });
        login.ifPresent(one -> command.add("--user=" + one));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("ETCDCTL_API", "3");
        Process process = builder.start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("etcdctl does not end");
        }
        return said;
    }

    /** Ends the servers and removes their folder. */
    @Override
    public void close() throws IOException {
        processes.forEach(process -> process.ifPresent(ServerProcess::close));
        for (TcpProxy proxy : clientProxies) {
            proxy.close();
        }
        for (TcpProxy proxy : peerProxies) {
            proxy.close();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
