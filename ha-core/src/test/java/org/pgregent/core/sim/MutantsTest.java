package org.pgregent.core.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** A simulation that finds nothing proves nothing: each of these mistakes must be found within the build's seeds. */
class MutantsTest {

    private static final int SEEDS_MAX = 500;

    @TestFactory
    Stream<DynamicTest> isFound() {
        return Mutants.all().stream()
                .map(mutant -> DynamicTest.dynamicTest(mutant.name() + ": " + mutant.mistake(), () -> find(mutant)));
    }

    private static void find(Mutant mutant) {
        Optional<Simulation.Result> found = new Runs(
                        2, seed -> SimulationTest.of(seed).with(mutant).run())
                .untilFirstFailure(1, SEEDS_MAX, result -> {});
        assertThat(found).as("%s survives %d seeds", mutant.name(), SEEDS_MAX).isPresent();
        System.out.printf(
                "%-32s found by %s after %d seeds%n",
                mutant.name(),
                found.get().violation().orElseThrow().invariant(),
                found.get().seed());
    }

    @Test
    void haveDifferentNames() {
        assertThat(new HashSet<>(Mutants.names()))
                .hasSameSizeAs(Mutants.names())
                .hasSizeGreaterThanOrEqualTo(12);
    }
}
