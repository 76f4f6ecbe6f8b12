package org.pgregent.core.decide;

import java.util.List;
import java.util.Optional;
import org.pgregent.core.model.ClusterView;
import org.pgregent.core.model.NodeView;
import org.pgregent.core.model.Now;
import org.pgregent.core.model.Settings;

/** The function. Same input, same output; nothing else goes in or comes out. */
public final class Decider {

    private final List<Rule> rules;

    /** @param rules in order; the first one that applies decides, and the last one must always apply */
    public Decider(List<Rule> rules) {
        this.rules = List.copyOf(rules);
    }

    public Decision decide(ClusterView cluster, NodeView node, Settings settings, Now now, Memory memory) {
        Memory noticed = Noticing.notice(cluster, node, settings, now, memory);
        Situation situation = new Situation(cluster, node, settings, now, noticed);
        for (Rule rule : rules) {
            Optional<Decision> decision = rule.applies().apply(situation);
            if (decision.isPresent()) {
                return decision.get().by(rule.sentence());
            }
        }
        throw new IllegalStateException("no rule applies to " + situation);
    }
}
