package org.pgregent.pg;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.pgregent.core.model.NodeName;
import org.pgregent.core.model.Upstream;
import org.pgregent.pg.PgConfig.Authentication;
import org.pgregent.pg.PgConfig.Credentials;

class ConnInfoTest {

    private static final Upstream LEADER = new Upstream(new NodeName("n1"), "10.0.0.1", 5433, "app db");

    @Test
    void whatWasWrittenIsReadAgain() {
        Map<String, String> keys = new TreeMap<>(Map.of("a", "", "b", "two words", "c", "it's \\ all", "d", "plain"));
        assertThat(ConnInfo.render(keys)).isEqualTo("a='' b='two words' c='it\\'s \\\\ all' d=plain");
        assertThat(ConnInfo.parse(ConnInfo.render(keys))).isEqualTo(keys);
        assertThat(ConnInfo.parse(" host = h  port=1 nonsense")).isEqualTo(Map.of("host", "h", "port", "1"));
    }

    @Test
    void keysComeInTheContractsOrderAndOnlyThoseTheVersionKnows() {
        Credentials user = new Credentials(
                "replicator",
                Optional.of("secret"),
                Map.of(
                        "sslmode",
                        "verify-ca",
                        "sslrootcert",
                        "/ca",
                        "sslnegotiation",
                        "direct",
                        "channel_binding",
                        "require"));
        String text = ConnInfo.of(LEADER, user, "n2", Optional.of("/var/pgpass"), 15);
        assertThat(text)
                .isEqualTo(
                        "dbname='app db' user=replicator passfile=/var/pgpass host=10.0.0.1 port=5433 sslmode=verify-ca"
                                + " sslrootcert=/ca application_name=n2 channel_binding=require");
        assertThat(ConnInfo.of(LEADER, user, "n2", Optional.empty(), 17)).endsWith("sslnegotiation=direct");
    }

    @Test
    void passwordsAreEscapedInTheirFile() {
        Credentials replication = new Credentials("re:pl", Optional.of("a:b\\c"), Map.of());
        Credentials superuser = new Credentials("postgres", Optional.of("s"), Map.of());
        PgPass file = new PgPass(Path.of("/nowhere"), new Authentication(superuser, replication, superuser));
        assertThat(file.content(LEADER)).isEqualTo("10.0.0.1:5433:*:re\\:pl:a\\:b\\\\c\n10.0.0.1:5433:*:postgres:s\n");
        assertThat(replication.toString()).doesNotContain("a:b");
    }
}
