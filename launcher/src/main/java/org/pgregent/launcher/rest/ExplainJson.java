package org.pgregent.launcher.rest;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgregent.core.agent.StatusBoard;
import org.pgregent.core.agent.StatusBoard.Pass;

/** Our own document: what this node decided last, why, by which rule, and how it came to that. Pure. */
final class ExplainJson {

    private ExplainJson() {}

    static Map<String, Object> of(NodeStatus node, Optional<Pass> pass, List<StatusBoard.Change> changes) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", node.name().value());
        json.put("state", node.state());
        json.put("role", node.role());
        json.put("leads", node.lock());
        pass.ifPresent(last -> {
            Map<String, Object> decision = new LinkedHashMap<>();
            decision.put("action", last.decision().action().getClass().getSimpleName());
            decision.put("because", last.decision().because());
            decision.put("rule", last.decision().rule());
            decision.put("at", StatusJson.time(last.wall()));
            decision.put("revisit_in_ms", last.decision().revisitIn().toMillis());
            json.put("decision", decision);
            last.cluster().trouble().ifPresent(trouble -> json.put("store_trouble", trouble));
            last.node().postgres().trouble().ifPresent(trouble -> json.put("postgres_trouble", trouble));
            last.node().lease().trouble().ifPresent(trouble -> json.put("lease_trouble", trouble));
            last.node()
                    .runningTask()
                    .ifPresent(task -> json.put("task", task.kind().name()));
            json.put("guard_armed", last.node().guard().isArmed());
        });
        json.put("changes", changes.stream().map(ExplainJson::change).toList());
        return json;
    }

    private static Map<String, Object> change(StatusBoard.Change change) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("at", StatusJson.time(change.wall()));
        json.put("action", change.action());
        json.put("because", change.because());
        json.put("rule", change.rule());
        return json;
    }
}
