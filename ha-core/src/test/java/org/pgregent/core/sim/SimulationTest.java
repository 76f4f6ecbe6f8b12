package org.pgregent.core.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The real agent through 500 times ten minutes of misfortune. {@code bin/simulate} does the same for as long as one likes. */
class SimulationTest {

    private static final int SEEDS = 500;
    private static final int SAMPLE = 12;

    static Simulation of(long seed) {
        return Simulation.of(seed)
                .during(Fault.covered(), Duration.ofMinutes(10))
                .converges(Duration.ofMinutes(3));
    }

    @Test
    void nothingBreaksWhateverHappensAndAllComesRightAfterwards() {
        long[] sums = new long[4];
        Optional<Simulation.Result> failed = new Runs(2, seed -> of(seed).run()).untilFirstFailure(1, SEEDS, result -> {
            sums[0] += result.leaders();
            sums[1] += result.acknowledged();
            sums[2] += result.handOvers();
            sums[3] += result.handedOver();
        });
        assertThat(failed).as(() -> failed.orElseThrow().report(60)).isEmpty();
        assertThat(sums[0]).as("changes of leader, or the faults do not bite").isGreaterThan(SEEDS);
        assertThat(sums[1])
                .as("acknowledged writes, or there is nothing to lose")
                .isGreaterThan(SEEDS * 1000L);
        assertThat(sums[2]).as("hand-overs that a person ordered").isGreaterThan(SEEDS);
        assertThat(sums[3]).as("those after which another led, of " + sums[2]).isGreaterThan(sums[2] * 9 / 10);
    }

    @Test
    void theSameSeedTakesTheSameCourseEveryTime() {
        for (long seed = 1; seed <= SAMPLE; seed++) {
            assertThat(of(seed).run().traceHash())
                    .as("seed %d", seed)
                    .isEqualTo(of(seed).run().traceHash());
        }
    }

    /** Another JVM has other identity hashes and another order of {@code Set.of}: nothing may hang on those. */
    @Test
    void theSameSeedTakesTheSameCourseInAnotherProcess() throws IOException, InterruptedException {
        List<String> here = new ArrayList<>();
        for (long seed = 1; seed <= SAMPLE; seed++) {
            here.add(seed + " " + Long.toHexString(of(seed).run().traceHash()));
        }
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        SimulateMain.class.getName(),
                        "--hashes",
                        "--seeds",
                        Integer.toString(SAMPLE))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String there = new String(other.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(other.waitFor()).isZero();
        assertThat(there.lines().toList()).isEqualTo(here);
    }
}
