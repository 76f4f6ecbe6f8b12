package org.pgregent.core.sim;

import java.util.List;
import java.util.Optional;

final class Mutants {
    private Mutants() {}
    static Optional<Mutant> named(String name) { return Optional.empty(); }
    static List<String> names() { return List.of(); }
}
