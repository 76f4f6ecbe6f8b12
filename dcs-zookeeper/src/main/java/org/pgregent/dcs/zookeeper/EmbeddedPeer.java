package org.pgregent.dcs.zookeeper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import javax.security.sasl.SaslException;
import org.apache.zookeeper.server.DatadirCleanupManager;
import org.apache.zookeeper.server.NIOServerCnxnFactory;
import org.apache.zookeeper.server.admin.AdminServer.AdminServerException;
import org.apache.zookeeper.server.persistence.FileTxnSnapLog;
import org.apache.zookeeper.server.quorum.QuorumPeer;
import org.apache.zookeeper.server.quorum.QuorumPeerConfig;
import org.apache.zookeeper.server.quorum.QuorumPeerConfig.ConfigException;
import org.apache.zookeeper.server.quorum.QuorumPeerMain;
import org.apache.zookeeper.util.ServiceUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One ZooKeeper server within this process, and the fence around what a server does to a whole process: it would end it
 * ({@link ServiceUtils}), takes over the handler of uncaught exceptions, and reads system properties. There is one at a time.
 *
 * <p>It runs {@link QuorumPeerMain} rather than {@code ZooKeeperServerEmbedded}, see {@code docs/adr/0002-embedded-quorum.md}.
 */
final class EmbeddedPeer {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedPeer.class);
    private static final AtomicReference<EmbeddedPeer> RUNNING = new AtomicReference<>();
    private static final Duration END = Duration.ofSeconds(15);
    private static final Duration ONE_LOOK = Duration.ofMillis(200);

    /** Keeps the peer that ZooKeeper makes, so that it can be ended whatever state its start has come to. */
    private static final class Main extends QuorumPeerMain {
        private volatile QuorumPeer peer;

        @Override
        protected QuorumPeer getQuorumPeer() throws SaslException {
            peer = super.getQuorumPeer();
            return peer;
        }
    }

    private final Main main = new Main();
    private final DatadirCleanupManager cleanup;
    private final Thread thread;
    private final AtomicReference<String> death = new AtomicReference<>();
    private volatile boolean closing;

    private EmbeddedPeer(QuorumPeerConfig config) {
        this.cleanup = new DatadirCleanupManager(
                config.getDataDir(), config.getDataLogDir(), config.getSnapRetainCount(), config.getPurgeInterval());
        this.thread = new Thread(() -> run(config), "zookeeper-peer");
        // Threads inherit this: a server must not keep the agent's process from ending.
        thread.setDaemon(true);
    }

    /** Makes the folders, and refuses those of another server. */
    static void prepareFolders(EmbeddedSettings settings) throws IOException {
        for (Path folder : new Path[] {settings.dataDir(), settings.logDir()}) {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        Path myid = settings.dataDir().resolve("myid");
        String id = Integer.toString(settings.id());
        if (Files.exists(myid) && !Files.readString(myid).trim().equals(id)) {
            throw new IOException(settings.dataDir() + " belongs to server "
                    + Files.readString(myid).trim() + ", not to " + id + "; give each server a folder of its own");
        }
        Files.writeString(myid, id + "\n");
    }

    /**
     * Starts one, without waiting for it to find the others. Throws if it can be seen at once that it would not run.
     *
     * @param view whom it believes to be in the quorum, until it hears better
     */
    static EmbeddedPeer start(EmbeddedSettings settings, QuorumView view, Optional<StoreTls> tls) throws IOException {
        fenceProcess(settings);
        if (tls.isPresent()) {
            tls.get().refresh();
        }
        QuorumPeerConfig config = new QuorumPeerConfig();
        try {
            Path file = new QuorumFiles(settings.dataDir(), settings.dataDir())
                    .write(PeerProperties.of(settings, tls), view);
            config.parse(file.toString());
        } catch (ConfigException e) {
            throw new IOException("ZooKeeper does not take the settings of " + settings, e);
        }
        // ZooKeeper opens these after it has bound its port, and does not let the port go if that fails.
        new FileTxnSnapLog(config.getDataLogDir(), config.getDataDir()).close();
        EmbeddedPeer peer = new EmbeddedPeer(config);
        if (!RUNNING.compareAndSet(null, peer)) {
            throw new IllegalStateException("another ZooKeeper server runs in this process");
        }
        peer.cleanup.start();
        peer.thread.start();
        return peer;
    }

    private static void fenceProcess(EmbeddedSettings settings) throws IOException {
        Thread.UncaughtExceptionHandler ours = Thread.getDefaultUncaughtExceptionHandler();
        try {
            // Loading the class replaces the handler for the whole process.
            Class.forName(NIOServerCnxnFactory.class.getName(), true, EmbeddedPeer.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IOException("ZooKeeper's server is not complete", e);
        }
        Thread.setDefaultUncaughtExceptionHandler(ours);
        ServiceUtils.setSystemExitProcedure(code -> {
            EmbeddedPeer peer = RUNNING.get();
            if (peer != null) {
                peer.died("ZooKeeper wanted to end the process with code " + code);
            }
        });
        settings.peerPassword().ifPresent(QuorumLogin::install);
        // Read once, when ZooKeeper loads the class that compares it.
        System.setProperty("zookeeper.DigestAuthenticationProvider.superDigest", QuorumLogin.superDigest(settings));
    }

    private void run(QuorumPeerConfig config) {
        try {
            main.runFromConfig(config);
            died("its main thread ended");
        } catch (IOException | AdminServerException | RuntimeException | LinkageError e) {
            LOG.debug("the peer ended", e);
            died(e.toString());
        }
    }

    private void died(String why) {
        if (!closing) {
            death.compareAndSet(null, why);
        }
    }

    /** Whom it counts as voters by now; empty while it is not far enough to tell. */
    Set<Integer> voters() {
        QuorumPeer peer = main.peer;
        if (peer == null || peer.getQuorumVerifier() == null) {
            return Set.of();
        }
        return peer.getQuorumVerifier().getVotingMembers().keySet().stream()
                .map(Long::intValue)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Why it will never serve again, as far as it knows itself. */
    Optional<String> death() {
        return Optional.ofNullable(death.get());
    }

    /** Ends it; returns when its ports are free, or after a few seconds. */
    void close() throws InterruptedException {
        closing = true;
        cleanup.shutdown();
        thread.interrupt();
        long end = System.nanoTime() + END.toNanos();
        // Again and again: a peer that was still starting binds its ports after it was told to end.
        do {
            QuorumPeer peer = main.peer;
            if (peer != null) {
                peer.shutdown();
                peer.join(ONE_LOOK.toMillis());
            }
            thread.join(ONE_LOOK.toMillis());
        } while (thread.isAlive() && System.nanoTime() - end < 0);
        if (thread.isAlive()) {
            LOG.warn("the ZooKeeper server has not ended within {} s", TimeUnit.MILLISECONDS.toSeconds(END.toMillis()));
        }
        RUNNING.compareAndSet(this, null);
    }
}
