package org.pgregent.dcs.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsException;
import org.pgregent.dcs.spi.DcsProvider;
import org.pgregent.dcs.spi.DcsRefusedException;

class EtcdSettingsTest {

    private static final Map<String, Object> HOST = Map.of("host", "e1");

    private static EtcdSettings parse(Map<String, Object> settings) throws DcsException {
        return EtcdSettings.parse("etcd3", settings);
    }

    private static void assertRefused(Map<String, Object> settings, String... words) {
        assertThatThrownBy(() -> parse(settings))
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContainingAll(words);
    }

    private static Map<String, Object> with(Map<String, Object> settings, String key, Object value) {
        Map<String, Object> changed = new HashMap<>(settings);
        changed.put(key, value);
        return changed;
    }

    @Test
    void theProviderIsFoundAndAnswersForBothSections() {
        DcsProvider found = StreamSupport.stream(
                        ServiceLoader.load(DcsProvider.class).spliterator(), false)
                .filter(provider -> provider.name().equals("etcd"))
                .findFirst()
                .orElseThrow();
        assertThat(found.sections()).containsExactly("etcd3", "etcd");
        assertThat(found.shortestTtl()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void hasTheUsualDefaults() throws Exception {
        EtcdSettings settings = parse(HOST);
        assertThat(settings.hosts()).containsExactly(new Endpoint("e1", 2379, false));
        assertThat(settings.login()).isEmpty();
        assertThat(settings.srv()).isEmpty();
        assertThat(settings.asksForMembers()).isTrue();
        assertThat(settings.tls()).isEqualTo(new Tls("etcd3", Optional.empty(), Optional.empty(), Optional.empty()));
    }

    @Test
    void takesHostsAsAListOrAText() throws Exception {
        List<Endpoint> expected = List.of(
                new Endpoint("e1", 2379, false), new Endpoint("::1", 2380, false), new Endpoint("e3", 1, false));
        assertThat(parse(Map.of("hosts", List.of("e1", "[::1]:2380", "e3:1"))).hosts())
                .isEqualTo(expected);
        assertThat(parse(Map.of("hosts", "e1, [::1]:2380,e3:1")).hosts()).isEqualTo(expected);
        assertThat(parse(Map.of("hosts", "'e1:2379','[::1]:2380','e3:1'")).hosts())
                .isEqualTo(expected);
        assertThat(parse(Map.of("host", "e1", "port", 4001)).hosts()).containsExactly(new Endpoint("e1", 4001, false));
    }

    @Test
    void takesProtocolAndLogin() throws Exception {
        EtcdSettings settings = parse(Map.of("host", "e1", "protocol", "https", "username", "u", "password", "p"));
        assertThat(settings.hosts()).containsExactly(new Endpoint("e1", 2379, true));
        assertThat(settings.login()).contains(new EtcdSettings.Login("u", "p"));
    }

    @Test
    void aUrlSaysItAll() throws Exception {
        EtcdSettings settings = parse(Map.of("url", "https://us%3Aer:pa%40ss+word@e1:4001/"));
        assertThat(settings.hosts()).containsExactly(new Endpoint("e1", 4001, true));
        assertThat(settings.login()).contains(new EtcdSettings.Login("us:er", "pa@ss+word"));
        assertThat(settings.asksForMembers()).isTrue();
        assertThat(parse(Map.of("url", "http://[::1]")).hosts()).containsExactly(new Endpoint("::1", 2379, false));
    }

    @Test
    void aProxyIsNotPassedBy() throws Exception {
        assertThat(parse(Map.of("proxy", "http://p1:2379")).asksForMembers()).isFalse();
        assertThat(parse(Map.of("hosts", "p1,p2", "use_proxies", "on")).asksForMembers())
                .isFalse();
        assertThat(parse(Map.of("proxy", "http://p1", "host", "e1")).hosts())
                .containsExactly(new Endpoint("p1", 2379, false));
    }

    @Test
    void dnsMayNameTheServers() throws Exception {
        EtcdSettings settings = parse(Map.of("srv", "example.org", "srv_suffix", "pg"));
        assertThat(settings.srv()).contains(new EtcdSettings.Srv("example.org", Optional.of("pg")));
        assertThat(settings.hosts()).isEmpty();
        for (String alias : List.of("discovery_srv", "srv_domain")) {
            assertThat(parse(Map.of(alias, "example.org")).srv().orElseThrow().domain())
                    .isEqualTo("example.org");
        }
    }

    @Test
    void unknownKeysAreNoError() throws Exception {
        assertThat(parse(with(HOST, "colour", "blue")).hosts()).hasSize(1);
    }

    @Test
    void refusesWhatCannotWork(@TempDir Path folder) throws Exception {
        assertRefused(Map.of(), "etcd3.hosts", "missing", "host:port");
        assertRefused(Map.of("hosts", " , "), "etcd3.hosts", "empty");
        assertRefused(Map.of("host", "e1,e2"), "etcd3.host", "2 servers", "etcd3.hosts");
        assertRefused(Map.of("hosts", "e1:x"), "etcd3.hosts", "e1:x");
        assertRefused(Map.of("hosts", "e1:70000"), "etcd3.hosts", "65535");
        assertRefused(Map.of("hosts", "http://e1:2379"), "etcd3.hosts", "http://e1:2379", "etcd3.url");
        assertRefused(with(HOST, "port", "many"), "etcd3.port", "many");
        assertRefused(with(HOST, "protocol", "gopher"), "etcd3.protocol", "gopher", "https");
        assertRefused(with(HOST, "use_proxies", "maybe"), "etcd3.use_proxies", "maybe");
        assertRefused(with(HOST, "username", "u"), "etcd3.password", "missing");
        assertRefused(with(HOST, "password", "p"), "etcd3.username", "missing");
        assertRefused(Map.of("srv", "example.org", "use_proxies", true), "etcd3.use_proxies", "etcd3.srv", "hosts");
        assertRefused(Map.of("url", "e1:2379"), "etcd3.url", "http://host:port");
        assertRefused(Map.of("url", "ftp://e1"), "etcd3.url", "http://host:port");
        assertRefused(Map.of("url", "http://e1:2379/etcd"), "etcd3.url", "below a path");
        assertRefused(Map.of("proxy", "http://e1:2379/etcd"), "etcd3.proxy", "below a path");
        assertRefused(Map.of("url", "http://user@e1"), "etcd3.url", "password");
        Map<String, Object> https = with(HOST, "protocol", "https");
        assertRefused(with(https, "cacert", "/no/such"), "etcd3.cacert", "/no/such", "cannot be read");
        Path file = Files.createFile(folder.resolve("empty.pem"));
        assertRefused(with(https, "key", file), "etcd3.cert", "missing");
        assertThatThrownBy(() -> connect(with(https, "cacert", file)))
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContainingAll("etcd3.cacert", "empty.pem", "PEM");
        assertThatThrownBy(() -> connect(with(https, "cert", file)))
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContainingAll("etcd3.cert", "empty.pem", "PKCS#8");
    }

    private static void connect(Map<String, Object> section) throws DcsException {
        new EtcdProvider()
                .connect(new DcsConfig("etcd3", section, "n1", Path.of("/nowhere"), Duration.ofSeconds(30)))
                .close();
    }

    @Test
    void noPasswordIsEverSaid() throws Exception {
        EtcdSettings settings = parse(Map.of("url", "http://user:secret@e1"));
        assertThat(settings.toString()).contains("user").doesNotContain("secret");
        for (String url : List.of(
                "http://user:secret@e1/path", "http://user:secret@e 1", "ftp://user:secret@e1", "user:secret@e1")) {
            for (String key : List.of("url", "hosts")) {
                assertThatThrownBy(() -> parse(Map.of(key, url)))
                        .hasMessageNotContaining("secret")
                        .hasMessageContaining("etcd3." + key);
            }
        }
    }

    @Test
    void knowsWhichServersEndLeasesWrongly() {
        assertThat(Surroundings.mayEndLeasesWrongly(3, 4, 30)).isTrue();
        assertThat(Surroundings.mayEndLeasesWrongly(3, 4, 31)).isFalse();
        assertThat(Surroundings.mayEndLeasesWrongly(3, 5, 12)).isTrue();
        assertThat(Surroundings.mayEndLeasesWrongly(3, 5, 13)).isFalse();
        assertThat(Surroundings.mayEndLeasesWrongly(3, 6, 0)).isFalse();
    }
}
