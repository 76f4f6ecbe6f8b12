package org.pgregent.core.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The simulator, tried with an agent simple enough to know what must come out. */
class SimulatorTest {

    private static Simulation toy(long seed, boolean careful, Set<Fault> faults) {
        return Simulation.of(seed)
                .nodes(3)
                .during(faults, Duration.ofMinutes(5))
                .running((local, ports) -> new ToyAgent(local, ports, careful));
    }

    @Test
    void aCalmClusterFormsAndStays() {
        for (long seed = 1; seed <= 5; seed++) {
            Simulation.Result result =
                    toy(seed, true, EnumSet.noneOf(Fault.class)).run();
            assertThat(result.violation()).as(() -> result.report(60)).isEmpty();
            assertThat(result.acknowledged()).isGreaterThan(1000);
        }
    }

    @Test
    void findsThatACarelessAgentMakesTwoPrimaries() {
        Set<String> broken = new TreeSet<>();
        for (long seed = 1; seed <= 60; seed++) {
            toy(seed, false, EnumSet.of(Fault.AGENT_FREEZE, Fault.CUT_FROM_STORE))
                    .run()
                    .violation()
                    .ifPresent(v -> broken.add(v.invariant()));
        }
        assertThat(broken).contains(Invariant.WRITABLE_ONLY_UNDER_A_LEASE);
    }

    @Test
    void theSameSeedTakesTheSameCourse() {
        for (long seed = 1; seed <= 10; seed++) {
            long first = toy(seed, true, Fault.covered()).run().traceHash();
            assertThat(toy(seed, true, Fault.covered()).run().traceHash()).isEqualTo(first);
        }
    }
}
