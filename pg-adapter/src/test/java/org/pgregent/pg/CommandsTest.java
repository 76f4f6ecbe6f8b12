package org.pgregent.pg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.pgregent.core.port.PostgresException;

class CommandsTest {

    private static Commands.Result bash(String script, Duration timeout) throws Exception {
        return Commands.run(List.of("bash", "-c", script), Map.of("GREETING", "hello"), Deadline.in(timeout));
    }

    private static long sleepers(String seconds) {
        return ProcFs.all().stream()
                .filter(stat -> ProcFs.title(stat.pid()).equals("sleep " + seconds))
                .count();
    }

    @Test
    void tellsWhatTheProgramSaidAndReturned() throws Exception {
        Commands.Result result = bash("echo $GREETING; echo trouble >&2; exit 3", Duration.ofMinutes(1));
        assertThat(result.lines()).containsExactly("hello", "trouble");
        assertThatThrownBy(result::orThrow)
                .isInstanceOf(PostgresException.class)
                .hasMessage("bash failed with exit code 3: hello | trouble");
    }

    @Test
    void endsAProgramThatHangsTogetherWithWhatItStarted() {
        assertThatThrownBy(() -> bash("sleep 7701 & echo started; sleep 7701", Duration.ofSeconds(1)))
                .isInstanceOf(PostgresException.class)
                .hasMessageContaining("started");
        assertThat(sleepers("7701")).isZero();
    }

    @Test
    void leavesNoStragglersWhenTheProgramEnds() throws Exception {
        assertThat(bash("sleep 7702 & true", Duration.ofMinutes(1)).isSuccess()).isTrue();
        assertThat(sleepers("7702")).isZero();
    }

    @Test
    void anInterruptEndsTheProgram() throws Exception {
        Thread thread = new Thread(() -> {
            try {
                bash("sleep 7703", Duration.ofMinutes(5));
            } catch (Exception expected) {
                Thread.currentThread().interrupt();
            }
        });
        thread.start();
        while (sleepers("7703") == 0) {
            Thread.onSpinWait();
        }
        thread.interrupt();
        thread.join(60_000);
        assertThat(thread.isAlive()).isFalse();
        assertThat(sleepers("7703")).isZero();
    }

    @Test
    void aMissingProgramIsNamedTogetherWithTheRemedy() {
        Programs programs = new Programs(Optional.of(Path.of("/nowhere")), Map.of("initdb", "my-initdb"));
        assertThatThrownBy(() -> programs.find("initdb"))
                .isInstanceOf(PostgresException.class)
                .hasMessageContaining("my-initdb")
                .hasMessageContaining("postgresql.bin_dir (/nowhere)");
    }
}
