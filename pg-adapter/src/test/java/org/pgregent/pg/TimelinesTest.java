package org.pgregent.pg;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.PostgresView.HistoryLine;
import org.pgregent.core.model.TaskView.Divergence;
import org.pgregent.core.model.Timeline;
import org.pgregent.pg.TimelineCheck.Position;

class TimelinesTest {

    private static final List<HistoryLine> HISTORY =
            Timelines.parse("1\t0/3000060\tno recovery target specified\n\n2\t0/4000000\tbefore 2026-01-01\n");

    private static Divergence standbyAt(long timeline, String lsn, long leader) {
        return TimelineCheck.judge(
                new Position(new Timeline(timeline), Lsn.parse(lsn), Optional.empty()), new Timeline(leader), HISTORY);
    }

    private static Divergence primaryAt(String checkpoint, String end) {
        return TimelineCheck.judge(
                new Position(new Timeline(1), Lsn.parse(checkpoint), Optional.of(Lsn.parse(end))),
                new Timeline(3),
                HISTORY);
    }

    @Test
    void readsHistory() {
        assertThat(HISTORY)
                .containsExactly(
                        new HistoryLine(new Timeline(1), Lsn.parse("0/3000060"), "no recovery target specified"),
                        new HistoryLine(new Timeline(2), Lsn.parse("0/4000000"), "before 2026-01-01"));
    }

    @Test
    void aStandbyDivergedIfItHasMoreThanTheLeaderTookOver() {
        assertThat(standbyAt(3, "0/5000000", 3)).isEqualTo(Divergence.NONE);
        assertThat(standbyAt(4, "0/5000000", 3)).isEqualTo(Divergence.DIVERGED);
        assertThat(standbyAt(2, "0/4000000", 3)).isEqualTo(Divergence.NONE);
        assertThat(standbyAt(2, "0/4000001", 3)).isEqualTo(Divergence.DIVERGED);
        assertThat(TimelineCheck.judge(
                        new Position(new Timeline(2), Lsn.parse("0/1"), Optional.empty()), new Timeline(3), List.of()))
                .isEqualTo(Divergence.DIVERGED);
    }

    @Test
    void aPrimaryDivergedUnlessTheLeaderSawItsShutdownLast() {
        assertThat(primaryAt("0/2FFFFE8", "0/3000060")).isEqualTo(Divergence.NONE);
        assertThat(primaryAt("0/2FFFFE8", "0/2FFFFF8")).isEqualTo(Divergence.DIVERGED);
        assertThat(primaryAt("0/3000060", "0/30000D8")).isEqualTo(Divergence.DIVERGED);
    }

    @Test
    void aRecordEndsAlignedAndGoesOnBehindPageHeaders() {
        long page = 8192;
        long segment = 16 << 20;
        assertThat(WalRecords.end(new Lsn(0x3000028), 114, page, segment)).isEqualTo(new Lsn(0x30000A0));
        assertThat(WalRecords.end(new Lsn(0x3001FE8), 114, page, segment)).isEqualTo(new Lsn(0x3002078));
        assertThat(WalRecords.end(new Lsn(0x3FFFFE8), 114, page, segment)).isEqualTo(new Lsn(0x4000088));
        assertThat(WalRecords.end(new Lsn(0x3001F88), 114, page, segment)).isEqualTo(new Lsn(0x3002000));
    }
}
