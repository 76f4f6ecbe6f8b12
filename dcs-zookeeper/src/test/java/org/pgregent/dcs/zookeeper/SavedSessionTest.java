package org.pgregent.dcs.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SavedSessionTest {

    @TempDir
    Path dir;

    private static final SavedSession SESSION =
            new SavedSession(0xf00003595ea0010L, new byte[] {1, -1, 0, 127}, Duration.ofSeconds(30));

    @Test
    void isReadAsItWasWritten() throws Exception {
        SESSION.write(dir);
        SavedSession read = SavedSession.read(dir).orElseThrow();
        assertThat(read.id()).isEqualTo(SESSION.id());
        assertThat(read.password()).isEqualTo(SESSION.password());
        assertThat(read.ttl()).isEqualTo(SESSION.ttl());
        assertThat(read.name()).isEqualTo("f00003595ea0010");
    }

    @Test
    void isNobodyElsesToRead() throws Exception {
        SESSION.write(dir);
        SESSION.write(dir);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("zookeeper.session"))))
                .isEqualTo("rw-------");
    }

    @Test
    void theLatestCounts() throws Exception {
        SESSION.write(dir);
        new SavedSession(5, new byte[16], Duration.ofSeconds(10)).write(dir);
        assertThat(SavedSession.read(dir).orElseThrow().id()).isEqualTo(5);
    }

    @Test
    void noneOrARuinedOneIsNone() throws Exception {
        assertThat(SavedSession.read(dir)).isEmpty();
        for (String ruin : new String[] {"", "zz 00 1", "1 0 1", "1 00", "1 00 x", "1 00 1 1"}) {
            Files.writeString(dir.resolve("zookeeper.session"), ruin);
            assertThat(SavedSession.read(dir)).as(ruin).isEmpty();
        }
    }
}
