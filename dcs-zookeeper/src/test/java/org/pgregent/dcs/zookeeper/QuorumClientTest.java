package org.pgregent.dcs.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgregent.dcs.testkit.FreePorts;

@Timeout(60)
class QuorumClientTest {

    private static boolean isTrying(int port) {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().contains("SendThread")
                        && thread.getName().contains(":" + port));
    }

    @Test
    void leavesNothingBehindWhenItIsInterruptedWhileItConnects() throws Exception {
        int nobody = FreePorts.take();
        EmbeddedSettings settings = EmbeddedSettings.parse(
                        "zookeeper",
                        Map.of(
                                "embedded",
                                Map.of("id", 1, "data_dir", "/data", "servers", Map.of(1, "127.0.0.1:1:2:" + nobody))))
                .orElseThrow();
        CompletableFuture<Exception> outcome = new CompletableFuture<>();
        Thread connecting = new Thread(() -> {
            try {
                QuorumClient.connect(settings, Optional.empty(), settings.clientHosts(), Duration.ofMinutes(10))
                        .close();
                outcome.completeExceptionally(new AssertionError("connected to nobody"));
            } catch (Exception e) {
                outcome.complete(e);
            }
        });
        connecting.start();
        while (!isTrying(nobody)) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        connecting.interrupt();
        assertThat(outcome.get(50, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
        while (isTrying(nobody)) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }
}
