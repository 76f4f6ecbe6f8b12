package org.pgregent.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** What the stores' clients have to say stays out of the log, whichever way they say it. */
class QuietLibrariesTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "io.etcd.jetcd.impl.WatchImpl",
                "io.grpc.internal.SerializingExecutor",
                "io.netty.channel.DefaultChannelPipeline",
                "io.vertx.core.impl.ContextImpl",
                "org.apache.curator.ConnectionState",
                "org.apache.http.impl.execchain.RetryExec",
                "org.apache.zookeeper.server.quorum.QuorumCnxManager"
            })
    void aClientOfAStoreSaysNothing(String logger) {
        assertThat(LoggerFactory.getLogger(logger).isErrorEnabled()).isFalse();
    }

    @Test
    void weDo() {
        assertThat(LoggerFactory.getLogger("org.pgregent.dcs.etcd.EtcdDcs").isInfoEnabled())
                .isTrue();
    }

    @Test
    void theJdksOwnLoggingGoesTheSameWay() {
        Main.leadJavaLoggingToOurs();
        try {
            Handler[] handlers = Logger.getLogger("").getHandlers();
            assertThat(handlers).hasSize(1);
            assertThat(handlers[0]).isInstanceOf(SLF4JBridgeHandler.class);
        } finally {
            SLF4JBridgeHandler.uninstall();
            LogManager.getLogManager().reset();
        }
    }
}
