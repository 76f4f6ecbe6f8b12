package org.pgregent.launcher.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pgregent.core.model.Lsn;
import org.pgregent.core.model.PostgresView;
import org.pgregent.core.model.PostgresView.Wal;
import org.pgregent.core.model.Role;
import org.pgregent.core.model.Timeline;

class HealthRulesTest {

    /** Every health check of the captured cluster, on its primary and on one of its replicas. */
    @Test
    void answersAsTheReferenceDid() throws IOException {
        List<String> lines = Captured.text("01-three-nodes-codes.txt").lines().toList();

        assertThat(lines).hasSizeGreaterThan(20).allSatisfy(line -> {
            String[] fields = line.split(" ");
            NodeStatus node = fields[0].equals("n0") ? Statuses.primary() : Statuses.replica();
            assertThat(answer(fields[1], node)).describedAs(line).isEqualTo(Integer.parseInt(fields[2]));
        });
    }

    private static int answer(String target, NodeStatus node) {
        int question = target.indexOf('?');
        String path = question < 0 ? target : target.substring(0, question);
        Map<String, String> query = RestApi.query(question < 0 ? null : target.substring(question + 1));
        return switch (path) {
            case "/liveness" -> HealthRules.liveness(node);
            case "/readiness" -> HealthRules.readiness(query, node);
            default -> HealthRules.status(path, query, node);
        };
    }

    @ParameterizedTest
    @CsvSource({
        "/replica?lag=99, 503",
        "/replica?lag=100, 200",
        "/replica?lag=1kB, 200",
        "/replica?lag=nonsense, 200",
        "/replica?replication_state=streaming, 200",
        "/replica?replication_state=other, 503",
        "/replica?tag_rack=7, 200",
        "/replica?tag_fast=true, 200",
        "/replica?tag_rack=8, 503",
        "/replica?tag_rack=, 200",
        "/health?tag_rack=8, 503",
        "/readiness?lag=99, 503",
        "/readiness?lag=99&mode=write, 200",
        "/readiness, 200"
    })
    void asksForLagStateAndTags(String target, int code) {
        Wal wal = new Wal(
                Optional.empty(),
                Optional.of(Statuses.POSITION),
                Optional.of(new Lsn(Statuses.POSITION.bytes() - 100)),
                Optional.of(new Timeline(1)),
                Optional.empty(),
                false,
                Optional.empty());
        PostgresView postgres = Statuses.postgres(Role.REPLICA, wal, "2026-11-21T03:28:14Z", List.of(), Map.of());

        assertThat(answer(target, Statuses.replica("n1", postgres, Map.of("rack", 7, "fast", true))))
                .isEqualTo(code);
    }

    @ParameterizedTest
    @CsvSource({"/replica, 503", "/async, 503", "/health, 200", "/readiness, 200"})
    void aNodeWithoutLoadBalancingTakesNoReaders(String target, int code) {
        NodeStatus node = Statuses.replica("n1", Statuses.replica().postgres(), Map.of("noloadbalance", true));

        assertThat(answer(target, node)).isEqualTo(code);
    }

    @Test
    void aPrimaryWithoutTheLockIsNobodysPrimary() {
        NodeStatus p = Statuses.primary();
        NodeStatus unlocked = new NodeStatus(
                p.scope(),
                p.name(),
                p.tags(),
                p.publishedTags(),
                p.postgres(),
                p.state(),
                p.role(),
                false,
                true,
                false,
                true,
                p.storeSeen(),
                p.optime(),
                p.maximumLag(),
                true,
                false);

        assertThat(List.of("/primary", "/leader", "/read-only", "/replica"))
                .allSatisfy(path -> assertThat(answer(path, unlocked)).isEqualTo(503));
        assertThat(answer("/health", unlocked)).isEqualTo(200);
    }
}
