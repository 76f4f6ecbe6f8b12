package org.pgregent.core.decide;

import java.util.Optional;
import java.util.function.Function;

/** One sentence of the rule book, and the function that tells whether and how it applies. */
public record Rule(String sentence, Function<Situation, Optional<Decision>> applies) {

    public static Rule rule(String sentence, Function<Situation, Optional<Decision>> applies) {
        return new Rule(sentence, applies);
    }
}
