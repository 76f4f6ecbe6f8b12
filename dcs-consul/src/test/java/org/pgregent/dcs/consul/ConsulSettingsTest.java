package org.pgregent.dcs.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsProvider;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.tls.TlsFiles;

class ConsulSettingsTest {

    private static ConsulSettings parse(Map<String, Object> settings) throws DcsRefusedException {
        return ConsulSettings.parse("consul", settings);
    }

    private static void assertRefused(Map<String, Object> settings, String... words) {
        assertThatThrownBy(() -> parse(settings))
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContainingAll(words);
    }

    private static URI address(Map<String, Object> settings) throws DcsRefusedException {
        return parse(settings).address();
    }

    @Test
    void theProviderIsFound() {
        DcsProvider found = StreamSupport.stream(
                        ServiceLoader.load(DcsProvider.class).spliterator(), false)
                .filter(provider -> provider.name().equals("consul"))
                .findFirst()
                .orElseThrow();
        assertThat(found.sections()).containsExactly("consul");
        assertThat(found.shortestTtl()).isEqualTo(Duration.ofSeconds(8));
    }

    @Test
    void hasTheUsualDefaults() throws Exception {
        assertThat(parse(Map.of("host", "127.0.0.1:8500")))
                .isEqualTo(new ConsulSettings(
                        "consul",
                        URI.create("http://127.0.0.1:8500"),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        ConsulSettings.WatchMode.DEFAULT,
                        List.of(),
                        Optional.empty()));
        assertThat(parse(Map.of("register_service", true)).registration())
                .contains(new ConsulSettings.Registration(List.of(), "5s", Optional.empty()));
    }

    @Test
    void takesEverySetting() throws Exception {
        Map<String, Object> all = new HashMap<>();
        all.put("host", "c1");
        all.put("port", 8501);
        all.put("scheme", "https");
        all.put("token", "s3cret");
        all.put("verify", "off");
        all.put("cacert", "/tls/ca.pem");
        all.put("cert", "/tls/cert.pem");
        all.put("key", "/tls/key.pem");
        all.put("key_password", "pw");
        all.put("dc", "dc2");
        all.put("consistency", "stale");
        all.put("checks", List.of("serfHealth"));
        all.put("register_service", "true");
        all.put("service_tags", "z, a");
        all.put("service_check_interval", "1m30s");
        all.put("service_check_tls_server_name", "db.example");
        ConsulSettings settings = parse(all);
        assertThat(settings)
                .isEqualTo(new ConsulSettings(
                        "consul",
                        URI.create("https://c1:8501"),
                        Optional.of("s3cret"),
                        Optional.of(new TlsFiles(
                                Optional.of(Path.of("/tls/ca.pem")),
                                Optional.of(Path.of("/tls/cert.pem")),
                                Optional.of(Path.of("/tls/key.pem")),
                                Optional.of("pw"),
                                false)),
                        Optional.of("dc2"),
                        ConsulSettings.WatchMode.STALE,
                        List.of("serfHealth"),
                        Optional.of(new ConsulSettings.Registration(
                                List.of("a", "z"), "1m30s", Optional.of("db.example")))));
        assertThat(settings.toString()).doesNotContain("s3cret").doesNotContain("pw");
    }

    @Test
    void takesAddressesInEveryForm() throws Exception {
        assertThat(address(Map.of("host", "c1"))).isEqualTo(URI.create("http://c1:8500"));
        assertThat(address(Map.of("host", "c1:1"))).isEqualTo(URI.create("http://c1:1"));
        assertThat(address(Map.of("host", "c1:1", "port", 2))).isEqualTo(URI.create("http://c1:1"));
        assertThat(address(Map.of("host", "c1", "port", "2"))).isEqualTo(URI.create("http://c1:2"));
        assertThat(address(Map.of("host", "::1"))).isEqualTo(URI.create("http://[::1]:8500"));
        assertThat(address(Map.of("host", "[::1]:7"))).isEqualTo(URI.create("http://[::1]:7"));
        assertThat(address(Map.of("url", "HTTPS://c1:8501/"))).isEqualTo(URI.create("https://c1:8501"));
        assertThat(address(Map.of("url", "http://c1", "port", 3))).isEqualTo(URI.create("http://c1:3"));
        assertThat(address(Map.of("dc", "dc1"))).isEqualTo(URI.create("http://127.0.0.1:8500"));
    }

    @Test
    void ignoresTlsFilesWithoutTls() throws Exception {
        assertThat(parse(Map.of("host", "c1", "cacert", "/ca", "key", "/key")).tls())
                .isEmpty();
    }

    @Test
    void refusesWhatItCannotDo() {
        assertRefused(Map.of("hots", "c1"), "consul.hots", "known are");
        assertRefused(Map.of("host", "c1:x"), "consul.host", "x");
        assertRefused(Map.of("host", "c1:70000"), "consul.host", "65535");
        assertRefused(Map.of("host", "no host"), "consul.host", "no host");
        assertRefused(Map.of("host", List.of("c1", "c2")), "consul.host", "single");
        assertRefused(Map.of("port", "x"), "consul.port");
        assertRefused(Map.of("scheme", "ftp"), "consul.scheme", "ftp");
        assertRefused(Map.of("url", "ftp://c1:1"), "consul.url");
        assertRefused(Map.of("url", "http://c1:1/v1"), "consul.url");
        assertRefused(Map.of("scheme", "https", "verify", "maybe"), "consul.verify", "maybe");
        assertRefused(Map.of("consistency", "eventual"), "consul.consistency", "eventual", "stale");
        assertRefused(Map.of("scheme", "https", "key", "/key"), "consul.key", "consul.cert");
        assertRefused(
                Map.of("register_service", true, "service_check_interval", "soon"), "consul.service_check_interval");
    }

    @Test
    void aUrlWithAPasswordIsRefusedWithoutShowingIt() {
        assertThatThrownBy(() -> parse(Map.of("url", "http://me:s3cret@c1:8500")))
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContaining("consul.url")
                .hasMessageNotContaining("s3cret");
    }

    @Test
    void aMissingTlsFileIsRefusedAtOnce() {
        DcsConfig config = new DcsConfig(
                "consul",
                Map.of("scheme", "https", "cacert", "/nowhere/ca.pem"),
                "n1",
                Path.of("/nowhere"),
                Duration.ofSeconds(30));
        assertThatThrownBy(() -> new ConsulProvider().connect(config))
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContainingAll("consul.cacert", "/nowhere/ca.pem is not there");
    }

    @Test
    void writesDurationsAsOthersDo() {
        assertThat(Sessions.inSeconds(Duration.ofSeconds(15))).isEqualTo("15.0s");
        assertThat(Sessions.inSeconds(Duration.ofSeconds(150))).isEqualTo("150.0s");
        assertThat(Sessions.inSeconds(Duration.ofMillis(12_500))).isEqualTo("12.5s");
        assertThat(Sessions.inSeconds(Duration.ofMillis(1))).isEqualTo("0.001s");
    }

    @Test
    void seesWhetherTheAgentLeaves() {
        assertThat(LeaveCheck.leaves("{\"DebugConfig\":{\"LeaveOnTerm\":true}}"))
                .isTrue();
        assertThat(LeaveCheck.leaves("{\"DebugConfig\":{\"LeaveOnTerm\":false}}"))
                .isFalse();
        assertThat(LeaveCheck.leaves("{}")).isFalse();
    }
}
