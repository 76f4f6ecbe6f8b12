package org.pgregent.pg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.core.model.PostgresView.DataDir;
import org.pgregent.core.port.PostgresException;

class DataFolderTest {

    @TempDir
    Path folder;

    private Path data;
    private DataFolder dataFolder;

    @BeforeEach
    void makeFolders() throws Exception {
        data = folder.resolve("data");
        Files.createDirectories(folder.resolve("state"));
        dataFolder = new DataFolder(data, folder.resolve("state"));
    }

    @Test
    void absentAndEmptyAreTheSame() throws Exception {
        assertThat(dataFolder.state()).isEqualTo(DataDir.EMPTY);
        Files.createDirectories(data.resolve("lost+found"));
        Files.writeString(data.resolve(".snapshot"), "");
        assertThat(dataFolder.state()).isEqualTo(DataDir.EMPTY);
        Files.writeString(data.resolve("x"), "");
        assertThat(dataFolder.state()).isEqualTo(DataDir.INVALID);
    }

    @Test
    void unfinishedUntilItIsSaidToBeFinished() throws Exception {
        dataFolder.beginFilling();
        assertThat(dataFolder.state()).as("marked, with nothing in it").isEqualTo(DataDir.EMPTY);
        fill();
        assertThat(dataFolder.state()).isEqualTo(DataDir.UNFINISHED);
        dataFolder.beginFilling();
        assertThat(data).isEmptyDirectory();
        fill();
        dataFolder.finished();
        assertThat(dataFolder.state()).isEqualTo(DataDir.PRESENT);
        assertThatThrownBy(dataFolder::beginFilling).isInstanceOf(PostgresException.class);
        assertThat(data.resolve("global/pg_control")).exists();
    }

    @Test
    void anotherFoldersMarkerCountsForNothing() throws Exception {
        dataFolder.beginFilling();
        Path other = Files.createDirectories(folder.resolve("other"));
        Files.writeString(other.resolve("precious"), "");
        DataFolder moved = new DataFolder(other, folder.resolve("state"));
        assertThat(moved.state()).isEqualTo(DataDir.INVALID);
        assertThatThrownBy(moved::beginFilling).isInstanceOf(PostgresException.class);
        assertThat(other.resolve("precious")).exists();
    }

    @Test
    void setAsideFindsAFreeNameAndTakesItsLinksAlong() throws Exception {
        for (String expected : new String[] {"data.failed", "data.failed.2"}) {
            fill();
            Path wal = Files.createDirectories(folder.resolve("wal"));
            Files.writeString(wal.resolve("segment"), "");
            Files.createSymbolicLink(data.resolve("pg_wal"), wal);
            dataFolder.setAside();
            assertThat(folder.resolve(expected).resolve("pg_wal/segment")).exists();
            assertThat(wal).doesNotExist();
            assertThat(dataFolder.state()).isEqualTo(DataDir.EMPTY);
        }
        dataFolder.setAside();
    }

    @Test
    void removalFollowsOnlyTheLinksThatArePartOfTheData() throws Exception {
        fill();
        Path tablespace = Files.createDirectories(folder.resolve("space"));
        Files.writeString(tablespace.resolve("table"), "");
        Path foreign = Files.createDirectories(folder.resolve("foreign"));
        Files.writeString(foreign.resolve("file"), "");
        Files.createDirectories(data.resolve("pg_tblspc"));
        Files.createSymbolicLink(data.resolve("pg_tblspc/16384"), tablespace);
        Files.createSymbolicLink(data.resolve("global/link"), foreign);
        dataFolder.remove();
        assertThat(data).doesNotExist();
        assertThat(tablespace).isEmptyDirectory();
        assertThat(foreign.resolve("file")).exists();
        dataFolder.remove();
    }

    private void fill() throws Exception {
        Files.createDirectories(data.resolve("global"));
        Files.writeString(data.resolve("global/pg_control"), "");
    }
}
