package org.pgregent.core.decide;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * What to do, why, what to remember, and when to look again at the latest.
 *
 * @param because one sentence for the operator; some of them are words that tools look for
 * @param rule the rule that decided, for traces and explanations
 */
public record Decision(Action action, String because, Memory memory, Duration revisitIn, String rule) {

    public Decision {
        requireNonNull(action, "action");
        requireNonNull(memory, "memory");
        if (because.isEmpty()) {
            throw new IllegalArgumentException("every decision says why");
        }
        if (revisitIn.isNegative()) {
            throw new IllegalArgumentException("revisitIn is negative: " + revisitIn);
        }
    }

    Decision by(String ruleName) {
        return new Decision(action, because, memory, revisitIn, ruleName);
    }
}
