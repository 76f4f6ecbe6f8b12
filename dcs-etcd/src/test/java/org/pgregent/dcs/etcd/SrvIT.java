package org.pgregent.dcs.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsUnavailableException;
import org.pgregent.dcs.spi.Expect;
import org.pgregent.dcs.testkit.FreePorts;

/** Servers named by DNS; the DNS server is the test's own. */
class SrvIT {

    private static EtcdServer server;

    @BeforeAll
    static void start() throws Exception {
        server = EtcdServer.start();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    private static Dcs connect(DnsStub dns, Map<String, Object> section) throws DcsException {
        return EtcdDcs.open(EtcdSettings.parse("etcd3", section), Connected.TTL, new SrvLookup(dns.url()));
    }

    private static int port() {
        return server.clientProxy(0).port();
    }

    @Test
    void findsTheServersByTheirRecords() throws Exception {
        int nobody = FreePorts.take();
        try (DnsStub dns = new DnsStub(Map.of(
                        "_etcd-client._tcp.example.org",
                        List.of("20 0 " + nobody + " localhost", "10 0 " + port() + " localhost")));
                Dcs dcs = connect(dns, Map.of("srv", "example.org"))) {
            assertThat(Connected.put(dcs, "/srv/a", "1", Expect.anything()).written())
                    .isTrue();
        }
    }

    @Test
    void theNamesAreTriedInOrderAndTheSuffixIsPartOfThem() throws Exception {
        try (DnsStub dns = new DnsStub(Map.of("_etcd-pg._tcp.example.org", List.of("0 0 " + port() + " localhost")));
                Dcs dcs = connect(dns, Map.of("srv", "example.org", "srv_suffix", "pg"))) {
            dcs.readAll("/srv", Connected.CALL);
            assertThat(dns.asked().stream().distinct())
                    .containsExactly(
                            "_etcd-client-ssl-pg._tcp.example.org",
                            "_etcd-client-pg._tcp.example.org",
                            "_etcd-ssl-pg._tcp.example.org",
                            "_etcd-pg._tcp.example.org");
        }
    }

    @Test
    void theOrderIsByPriorityThenWeight() throws Exception {
        try (DnsStub dns = new DnsStub(
                Map.of("_etcd-client-ssl._tcp.example.org", List.of("20 9 1 c.", "10 1 2 b.", "10 5 3 a.")))) {
            SrvLookup.Found found = new SrvLookup(dns.url())
                    .find(new EtcdSettings.Srv("example.org", java.util.Optional.empty()))
                    .orElseThrow();
            assertThat(found.endpoints())
                    .containsExactly(
                            new Endpoint("a", 3, true), new Endpoint("b", 2, true), new Endpoint("c", 1, true));
            assertThat(found.arePeers()).isFalse();
        }
    }

    @Test
    void peersAreAskedWhereTheyServeClients() throws Exception {
        HttpServer peer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        peer.createContext("/members", exchange -> {
            byte[] body =
                    ("[{\"id\":1,\"peerURLs\":[\"http://x:1\"],\"name\":\"m0\",\"clientURLs\":[\"http://127.0.0.1:"
                                    + port() + "\"]},{\"id\":2,\"peerURLs\":[],\"name\":\"\"}]")
                            .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        peer.start();
        try (DnsStub dns = new DnsStub(Map.of(
                        "_etcd-server._tcp.example.org",
                        List.of("0 0 " + peer.getAddress().getPort() + " localhost")));
                Dcs dcs = connect(dns, Map.of("srv", "example.org"))) {
            dcs.readAll("/srv", Connected.CALL);
        } finally {
            peer.stop(0);
        }
    }

    @Test
    void noRecordsAreUnavailableWithARemedy() throws Exception {
        try (DnsStub dns = new DnsStub(Map.of());
                Dcs dcs = connect(dns, Map.of("discovery_srv", "example.org"))) {
            assertThatThrownBy(() -> dcs.readAll("/srv", Connected.CALL))
                    .isInstanceOf(DcsUnavailableException.class)
                    .hasMessageContainingAll("etcd3.discovery_srv", "'example.org'", "_etcd-client._tcp.example.org");
        }
    }

    @Test
    void aSilentDnsServerBlocksNoCall() throws Exception {
        try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                Dcs dcs = EtcdDcs.open(
                        EtcdSettings.parse("etcd3", Map.of("srv", "example.org")),
                        Connected.TTL,
                        new SrvLookup("dns://127.0.0.1:" + silent.getLocalPort()))) {
            assertThatThrownBy(() -> dcs.readAll("/srv", Duration.ofMillis(300)))
                    .isInstanceOf(DcsUnavailableException.class)
                    .hasMessageContaining("etcd3.srv");
        }
    }
}
