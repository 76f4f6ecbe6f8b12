package org.pgregent.dcs.zookeeper;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.AppConfigurationEntry.LoginModuleControlFlag;
import javax.security.auth.login.Configuration;
import org.apache.zookeeper.server.auth.DigestLoginModule;

/**
 * The JAAS configuration by which servers log in at each other (DIGEST-MD5: the password itself never travels). Any other name
 * is looked up where it was before.
 */
final class QuorumLogin extends Configuration {

    static final String SERVER = "PgregentQuorumServer";
    static final String LEARNER = "PgregentQuorumLearner";
    static final String SUPER = "super";
    private static final String USER = "peer";

    private final Configuration others;
    private final String password;

    private QuorumLogin(Configuration others, String password) {
        this.others = others;
        this.password = password;
    }

    /** What a server compares the password of {@code super} with, who alone may change the list of servers. */
    static String superDigest(EmbeddedSettings settings) {
        try {
            String login = SUPER + ":" + settings.adminPassword();
            byte[] hash = MessageDigest.getInstance("SHA1").digest(login.getBytes(StandardCharsets.UTF_8));
            return SUPER + ":" + Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA1", e);
        }
    }

    /** For this whole process. */
    static void install(String password) {
        Configuration present = Configuration.getConfiguration();
        Configuration others = present instanceof QuorumLogin former ? former.others : present;
        Configuration.setConfiguration(new QuorumLogin(others, password));
    }

    @Override
    public AppConfigurationEntry[] getAppConfigurationEntry(String name) {
        return switch (name) {
            case SERVER -> entry(Map.of("user_" + USER, password));
            case LEARNER -> entry(Map.of("username", USER, "password", password));
            default -> others.getAppConfigurationEntry(name);
        };
    }

    private static AppConfigurationEntry[] entry(Map<String, String> options) {
        return new AppConfigurationEntry[] {
            new AppConfigurationEntry(DigestLoginModule.class.getName(), LoginModuleControlFlag.REQUIRED, options)
        };
    }
}
