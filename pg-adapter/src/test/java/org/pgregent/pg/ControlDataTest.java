package org.pgregent.pg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.PostgresView.Control;
import org.pgregent.core.model.SystemId;
import org.pgregent.core.model.Timeline;
import org.pgregent.core.port.PostgresException;

class ControlDataTest {

    private static final String OUTPUT = """
            pg_control version number:            1300
            Database system identifier:           7575757575757575757
            Database cluster state:               shut down in recovery
            Latest checkpoint location:           0/5000060
            Latest checkpoint's REDO WAL file:    000000020000000000000005
            Latest checkpoint's TimeLineID:       2
            Minimum recovery ending location:     1/A0
            Min recovery ending loc's timeline:   3
            wal_log_hints setting:                off
            Current max_connections setting:      150
            Data page checksum version:           1
            """;

    @Test
    void readsWhatTheProgramPrints() throws PostgresException {
        ControlData.Listing listing = ControlData.Listing.parse(OUTPUT.lines().toList());
        assertThat(listing.control())
                .isEqualTo(new Control(
                        new SystemId("7575757575757575757"),
                        "shut down in recovery",
                        Lsn.parse("0/5000060"),
                        new Timeline(2),
                        Optional.of(Lsn.parse("1/A0")),
                        Optional.of(new Timeline(3)),
                        true));
        assertThat(listing.number("max_connections setting")).isEqualTo(150);
    }

    @Test
    void zeroesMeanNone() throws PostgresException {
        String primary = OUTPUT.replace("1/A0", "0/0")
                .replace("timeline:   3", "timeline:   0")
                .replace("version:           1", "version:           0");
        Control control = ControlData.Listing.parse(primary.lines().toList()).control();
        assertThat(control.minRecoveryEnd()).isEmpty();
        assertThat(control.minRecoveryTimeline()).isEmpty();
        assertThat(control.rewindable()).isFalse();
    }

    @Test
    void aMissingLineIsAFailure() {
        assertThatThrownBy(() -> ControlData.Listing.parse(List.of("pg_controldata: no data was read"))
                        .control())
                .isInstanceOf(PostgresException.class);
    }
}
