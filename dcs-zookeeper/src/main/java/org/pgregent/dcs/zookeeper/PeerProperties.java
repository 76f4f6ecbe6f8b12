package org.pgregent.dcs.zookeeper;

import java.util.Optional;
import java.util.Properties;

/** What a server is told in its own words, but for the list of servers. */
final class PeerProperties {

    private PeerProperties() {}

    static Properties of(EmbeddedSettings settings, Optional<StoreTls> tls) {
        Properties properties = new Properties();
        properties.setProperty("dataDir", settings.dataDir().toString());
        properties.setProperty("dataLogDir", settings.logDir().toString());
        properties.setProperty("tickTime", Long.toString(settings.tick().toMillis()));
        // 10 s to get a copy of the data, 3 s of silence until a leader or follower is given up, at the usual tick.
        properties.setProperty("initLimit", "20");
        properties.setProperty("syncLimit", "6");
        properties.setProperty("minSessionTimeout", "2000");
        properties.setProperty("maxSessionTimeout", "600000");
        properties.setProperty("standaloneEnabled", "false");
        properties.setProperty("reconfigEnabled", "true");
        properties.setProperty("quorumListenOnAllIPs", "false");
        properties.setProperty("admin.enableServer", "false");
        properties.setProperty("autopurge.snapRetainCount", "3");
        properties.setProperty("autopurge.purgeInterval", "1");
        properties.setProperty("snapCount", "10000");
        properties.setProperty("preAllocSize", "4096");
        if (settings.peerPassword().isPresent()) {
            // Otherwise DIGEST-MD5 is ruled out. Names in certificates are then compared by ZooKeeper, not by Java.
            properties.setProperty("fips-mode", "false");
            properties.setProperty("quorum.auth.enableSasl", "true");
            properties.setProperty("quorum.auth.learnerRequireSasl", "true");
            properties.setProperty("quorum.auth.serverRequireSasl", "true");
            properties.setProperty("quorum.auth.learner.saslLoginContext", QuorumLogin.LEARNER);
            properties.setProperty("quorum.auth.server.saslLoginContext", QuorumLogin.SERVER);
        }
        tls.ifPresent(files -> encrypt(properties, settings, files));
        return properties;
    }

    /** Both sides of every connection have to show a certificate: between servers, and between clients and servers. */
    private static void encrypt(Properties properties, EmbeddedSettings settings, StoreTls tls) {
        properties.setProperty("sslQuorum", "true");
        properties.setProperty("sslQuorumReloadCertFiles", "true");
        properties.setProperty("client.certReload", "true");
        properties.setProperty("serverCnxnFactory", "org.apache.zookeeper.server.NettyServerCnxnFactory");
        HostPort client = settings.own().client();
        properties.setProperty("secureClientPort", Integer.toString(client.port()));
        properties.setProperty("secureClientPortAddress", client.host());
        for (String use : new String[] {"ssl.", "ssl.quorum."}) {
            properties.setProperty(use + "enabledProtocols", "TLSv1.3,TLSv1.2");
            properties.setProperty(use + "clientAuth", "need");
            properties.setProperty(use + "keyStore.type", "PKCS12");
            tls.keyStore().ifPresent(file -> properties.setProperty(use + "keyStore.location", file.toString()));
            properties.setProperty(use + "trustStore.type", "PEM");
            tls.trustStore().ifPresent(file -> properties.setProperty(use + "trustStore.location", file.toString()));
            // Not into the file.
            System.setProperty("zookeeper." + use + "keyStore.password", tls.password());
        }
    }
}
