package org.pgregent.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SafeTimesTest {

    private static Duration s(double seconds) {
        return Duration.ofMillis(Math.round(seconds * 1000));
    }

    @Test
    void marginsAreAQuarterAndAnEighthOfTheLeaseAndFiveSecondsAtMost() {
        assertThat(SafeTimes.of(s(29))).isEqualTo(new SafeTimes(s(29), s(5), s(2.5)));
        assertThat(SafeTimes.of(s(4))).isEqualTo(new SafeTimes(s(4), s(1), s(0.5)));
    }

    @Test
    void theContractsDefaultsAndItsFastestTimersKeepTheInequality() {
        assertThat(SafeTimes.of(s(29)).allows(s(10), s(10))).isTrue();
        assertThat(SafeTimes.of(s(19)).allows(s(1), s(3))).isTrue();
    }

    @Test
    void aSleepThatWouldBreakItIsShortened() {
        SafeTimes times = SafeTimes.of(s(19));

        assertThat(times.allows(s(10), s(5))).isFalse();
        assertThat(times.longestSleep(s(10), s(5))).isEqualTo(s(9.25));
        assertThat(times.longestSleep(s(1), s(5))).isEqualTo(s(1));
        assertThat(times.longestSleep(s(10), s(60))).isEqualTo(s(0.1));
    }

    @Test
    void nonsenseIsRefused() {
        assertThatThrownBy(() -> new SafeTimes(s(5), s(1), s(1))).hasMessageContaining("G < B < T");
        assertThatThrownBy(() -> new SafeTimes(s(5), s(5), s(1))).hasMessageContaining("G < B < T");
        assertThatThrownBy(() -> new SafeTimes(s(5), s(1), s(0))).hasMessageContaining("G < B < T");
    }
}
