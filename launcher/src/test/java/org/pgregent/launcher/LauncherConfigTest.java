package org.pgregent.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.pg.PgConfig;
import org.pgregent.pg.PgConfig.HostPort;

class LauncherConfigTest {

    private static final String LEAST = """
            scope: main
            name: node1
            restapi: {listen: '10.0.0.1:8008'}
            zookeeper: {hosts: ['10.0.0.7:2181']}
            postgresql:
              listen: 10.0.0.1
              data_dir: /srv/pg/main
              authentication:
                superuser: {username: postgres}
                replication: {username: replicator}
            """;

    private static final String FULL = """
            scope: main
            name: node1
            namespace: db/
            unknown: {is: ignored}
            etcd: {}
            restapi:
              listen: 0.0.0.0:8008
              connect_address: '[fd00::1]:8008'
              authentication: {username: admin, password: s3cret}
              http_extra_headers: {X-Cluster: main}
              thread_pool_size: 7
            zookeeper: {hosts: ['10.0.0.7:2181']}
            bootstrap:
              dcs: {ttl: 20, postgresql: {use_pg_rewind: on}}
              initdb: [data-checksums, {encoding: UTF8}]
              pg_hba: [local all all trust]
            tags: {clonefrom: true, rack: 7}
            regent: {state_dir: /srv/state, minimum_ttl: 6, user: pg}
            postgresql:
              listen: 127.0.0.1,10.0.0.1:5433
              connect_address: db1.example.org:5433
              data_dir: /srv/pg/main
              config_dir: /etc/pg
              bin_dir: /opt/pg/bin
              bin_name: {postgres: postgres15}
              database: app
              pgpass: /srv/state/pass
              pg_ctl_timeout: 30
              parameters: {Shared_Buffers: 16MB, fsync: off, max_wal_size: null}
              pg_hba: [host all all all scram-sha-256]
              pg_ident: [m a b]
              recovery_conf: {restore_command: cp a b}
              basebackup: {checkpoint: fast}
              rewind: [progress]
              authentication:
                superuser: {username: root, password: a, sslmode: require, unknown: 1}
                replication: {username: repl, password: b}
                rewind: {username: rew, password: c}
            """;

    @TempDir
    private Path folder;

    private LauncherConfig read(String yaml, Map<String, String> environment) throws ConfigException, IOException {
        Path file = Files.writeString(folder.resolve("node.yml"), yaml);
        ProviderCatalog catalog = ProviderCatalog.of(List.of(new StubProvider("zookeeper"), new StubProvider("etcd")));
        return LauncherConfig.read(file, environment, catalog);
    }

    @Test
    void hasDefaults() throws ConfigException, IOException {
        LauncherConfig config = read(LEAST, Map.of());

        assertThat(config.basePath()).isEqualTo("/service/main");
        assertThat(config.connUrl()).isEqualTo("postgres://10.0.0.1:5432/postgres");
        assertThat(config.rest().apiUrl()).isEqualTo("http://10.0.0.1:8008/patroni");
        assertThat(config.bootstrap()).isEmpty();
        assertThat(config.tags().all()).isEmpty();
        assertThat(config.store().section()).isEqualTo("zookeeper");
        assertThat(config.own().stateDir()).isEqualTo(Path.of("/srv/pg/.main.regent"));
        assertThat(config.own().minimumTtl()).isEqualTo(Duration.ofSeconds(20));
        PgConfig postgres = config.postgres();
        assertThat(postgres.folders().configDir()).isEqualTo(Path.of("/srv/pg/main"));
        assertThat(postgres.authentication().rewind())
                .isEqualTo(postgres.authentication().superuser());
        assertThat(postgres.startTimeout()).isEqualTo(Duration.ofSeconds(60));
        assertThat(postgres.folders().pgpass().getFileName()).hasToString("pgpass");
    }

    @Test
    void readsAFullFile() throws ConfigException, IOException {
        LauncherConfig config = read(FULL, Map.of());

        assertThat(config.basePath()).isEqualTo("/db/main");
        assertThat(config.connUrl()).isEqualTo("postgres://db1.example.org:5433/app");
        assertThat(config.rest().apiUrl()).isEqualTo("http://[fd00::1]:8008/patroni");
        assertThat(config.rest().credentials()).contains("admin:s3cret");
        assertThat(config.rest().threads()).isEqualTo(7);
        assertThat(config.rest().extraHeaders()).containsEntry("X-Cluster", "main");
        assertThat(config.bootstrap()).contains(Map.of("ttl", 20, "postgresql", Map.of("use_pg_rewind", true)));
        assertThat(config.tags().all()).containsExactly(Map.entry("clonefrom", true), Map.entry("rack", 7));
        assertThat(config.own())
                .isEqualTo(new OwnSection(Path.of("/srv/state"), Duration.ofSeconds(6), Optional.of("pg")));
        PgConfig postgres = config.postgres();
        assertThat(postgres.network().listen()).containsExactly("127.0.0.1", "10.0.0.1");
        assertThat(postgres.network().connect()).isEqualTo(new HostPort("db1.example.org", 5433));
        assertThat(postgres.parameters()).containsOnly(Map.entry("shared_buffers", "16MB"), Map.entry("fsync", "off"));
        assertThat(postgres.bootstrap().initdb()).containsExactly("data-checksums", "encoding=UTF8");
        assertThat(postgres.toolOptions().basebackup()).containsExactly("checkpoint=fast");
        assertThat(postgres.toolOptions().rewind()).containsExactly("progress");
        assertThat(postgres.authentication().superuser().options()).containsOnly(Map.entry("sslmode", "require"));
        assertThat(postgres.authentication().rewind().username()).isEqualTo("rew");
        assertThat(postgres.folders().binNames()).containsEntry("postgres", "postgres15");
        assertThat(postgres.pgHba()).containsExactly("host all all all scram-sha-256");
        assertThat(postgres.recoveryConf()).containsEntry("restore_command", "cp a b");
    }

    @Test
    void environmentWinsOverTheFile() throws ConfigException, IOException {
        LauncherConfig config = read(
                LEAST,
                Map.of(
                        "PATRONI_NAME",
                        "other",
                        "PATRONI_SUPERUSER_PASSWORD",
                        "pw",
                        "PATRONI_RESTAPI_LISTEN",
                        "",
                        "PATRONI_POSTGRESQL_DATA_DIR",
                        "/x/y"));

        assertThat(config.name().value()).isEqualTo("other");
        assertThat(config.postgres().authentication().superuser().password()).contains("pw");
        assertThat(config.rest().listen()).hasToString("10.0.0.1:8008");
        assertThat(config.postgres().folders().dataDir()).isEqualTo(Path.of("/x/y"));
    }

    @Test
    void tellsAllErrorsTogetherAndNoSecret() {
        ConfigException refused = catchThrowableOfType(ConfigException.class, () -> read("""
                scope: a/b
                restapi: {listen: nowhere}
                postgresql:
                  listen: '10.0.0.1:port'
                  data_dir: relative
                  pg_ctl_timeout: soon
                  parameters: [a]
                  authentication:
                    superuser: {username: x, password: {s3cret: 1}}
                regent: {minimum_ttl: 0}
                """, Map.of()));

        assertThat(refused.problems())
                .anySatisfy(p -> assertThat(p).startsWith("scope 'a/b' "))
                .anySatisfy(p -> assertThat(p).startsWith("name is not defined: "))
                .anySatisfy(p -> assertThat(p).startsWith("restapi.listen 'nowhere' is not host:port: "))
                .anySatisfy(p -> assertThat(p).startsWith("postgresql.listen '10.0.0.1:port' "))
                .anySatisfy(p -> assertThat(p).startsWith("postgresql.data_dir 'relative' is not an absolute path"))
                .anySatisfy(p -> assertThat(p).startsWith("postgresql.pg_ctl_timeout 'soon' is not an integer"))
                .anySatisfy(p -> assertThat(p).startsWith("postgresql.parameters '[a]' is not a dictionary"))
                .anySatisfy(p -> assertThat(p).startsWith("postgresql.authentication.superuser.password '(hidden)'"))
                .anySatisfy(
                        p -> assertThat(p).startsWith("postgresql.authentication.replication.username is not defined"))
                .anySatisfy(p -> assertThat(p).startsWith("regent.minimum_ttl '0' "))
                .anySatisfy(p -> assertThat(p)
                        .startsWith("no section of a consensus store is there: add one of etcd, zookeeper"))
                .noneSatisfy(p -> assertThat(p).contains("s3cret"));
    }

    @Test
    void anErrorInTheYamlShowsTheLineButNotTheText() {
        ConfigException refused = catchThrowableOfType(
                ConfigException.class, () -> read("scope: main\npassword: [s3cret\nx: 'y", Map.of()));

        assertThat(refused)
                .hasMessageContaining("is not YAML at line")
                .message()
                .doesNotContain("s3cret");
    }

    @Test
    void aTtlBelowWhatTheStoreCanKeepIsRefused() {
        ConfigException refused =
                catchThrowableOfType(ConfigException.class, () -> read(LEAST + "regent: {minimum_ttl: 3}\n", Map.of()));

        assertThat(refused)
                .hasMessageContaining("regent.minimum_ttl '3' is below what zookeeper can keep")
                .hasMessageContaining("at least 5");
    }

    @Test
    void mergesTheFilesOfAFolder() throws ConfigException, IOException {
        Files.writeString(folder.resolve("10.yml"), LEAST);
        Files.writeString(folder.resolve("20.yaml"), "name: later\npostgresql: {parameters: {fsync: on}}\n");
        Files.writeString(folder.resolve("ignored.txt"), "name: never\n");

        LauncherConfig config =
                LauncherConfig.read(folder, Map.of(), ProviderCatalog.of(List.of(new StubProvider("zookeeper"))));

        assertThat(config.name().value()).isEqualTo("later");
        assertThat(config.postgres().parameters()).containsEntry("fsync", "on");
    }
}
