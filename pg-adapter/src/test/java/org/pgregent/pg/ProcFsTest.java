package org.pgregent.pg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProcFsTest {

    private static final String REST = " S 41 42 43 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 200 0 0";

    @Test
    void aNameMayHoldBlanksAndParentheses() {
        ProcFs.Stat stat = ProcFs.parse("77 (a) S (b c) Z 1)" + REST);
        assertThat(stat).isEqualTo(new ProcFs.Stat(77, "a) S (b c) Z 1", 'S', 41, 43, 987654));
        assertThat(stat.isAlive()).isTrue();
        assertThat(stat.id()).isEqualTo("77:987654");
    }

    @Test
    void aZombieIsDead() {
        assertThat(ProcFs.parse("77 (postgres)" + REST.replace(" S ", " Z ")).isAlive())
                .isFalse();
        assertThat(ProcFs.parse("77 (postgres)" + REST.replace(" S ", " T ")).isStopped())
                .isTrue();
    }

    @Test
    void nonsenseIsRefused() {
        assertThatThrownBy(() -> ProcFs.parse("postgres")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anotherProcessOfTheSamePidIsNotTheOne() {
        ProcFs.Stat self = ProcFs.stat(ProcessHandle.current().pid()).orElseThrow();
        assertThat(ProcFs.isAlive(self)).isTrue();
        ProcFs.Stat earlier =
                new ProcFs.Stat(self.pid(), self.name(), 'S', self.parent(), self.session(), self.startTicks() - 1);
        assertThat(ProcFs.isAlive(earlier)).isFalse();
        assertThat(ProcFs.stat(1L << 40)).isEqualTo(Optional.empty());
    }

    @Test
    void uptimeIsInMilliseconds() {
        assertThat(ProcFs.parseUptime("1249.06 2427.57\n")).isEqualTo(1_249_060);
        BootClock clock = new BootClock();
        long before = clock.monotonicNanos();
        assertThat(clock.monotonicNanos()).isGreaterThanOrEqualTo(before);
    }
}
