package org.pgregent.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduledTimeTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2037-01-01T10:00:00+00:00",
                "2037-01-01T10:00Z",
                "2037-01-01 10:00:00 UTC",
                "2037-01-01T12:00+02",
                "2037-01-01 12:00:00.000+0200",
                "2037-01-01T08:30:00-01:30"
            })
    void aTimeWithAZoneIsAMoment(String text) {
        assertThat(ScheduledTime.parse(text).orElseThrow().instant()).contains(Instant.parse("2037-01-01T10:00:00Z"));
    }

    @Test
    void withoutAZoneNobodyCanTell() {
        assertThat(ScheduledTime.parse("2037-01-01T00:00").orElseThrow().zone()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "nonsense", "tomorrow", "2037-13-01T00:00Z", "2037-01-01", "10:00Z", "2037-01-01T10:00+99:00"
            })
    void nonsenseIsNoTime(String text) {
        assertThat(ScheduledTime.parse(text)).isEmpty();
    }

    @Test
    void isWrittenAsOthersWriteIt() {
        assertThat(ScheduledTime.parse("2037-01-01 10:00 UTC").orElseThrow().iso())
                .isEqualTo("2037-01-01T10:00:00+00:00");
        assertThat(ScheduledTime.parse("2037-01-01T10:00:00.5+02").orElseThrow().iso())
                .isEqualTo("2037-01-01T10:00:00.500000+02:00");
    }
}
