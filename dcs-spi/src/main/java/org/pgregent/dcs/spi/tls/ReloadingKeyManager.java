package org.pgregent.dcs.spi.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Shows the identity the files hold at the moment. Each gets an alias of its own, because a handshake asks for the alias, the
 * certificates and the key one after the other and must get what belongs together even if the files change meanwhile.
 */
final class ReloadingKeyManager extends X509ExtendedKeyManager {

    private static final int REMEMBERED = 8;

    private final Supplier<Optional<Identity>> current;
    private final Map<String, Identity> byAlias = new ConcurrentHashMap<>();
    private int last;

    ReloadingKeyManager(Supplier<Optional<Identity>> current) {
        this.current = current;
    }

    private synchronized @Nullable String alias(String @Nullable [] keyTypes) {
        Identity identity = current.get().orElse(null);
        if (identity == null || keyTypes == null) {
            return null;
        }
        for (String keyType : keyTypes) {
            if (identity.serves(keyType)) {
                if (!identity.equals(byAlias.get(Integer.toString(last)))) {
                    last++;
                    byAlias.put(Integer.toString(last), identity);
                    byAlias.remove(Integer.toString(last - REMEMBERED));
                }
                return Integer.toString(last);
            }
        }
        return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
            String @Nullable [] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return alias(keyTypes);
    }

    @Override
    public @Nullable String chooseEngineClientAlias(
            String @Nullable [] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        return alias(keyTypes);
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return alias(new String[] {keyType});
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
            String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        return alias(new String[] {keyType});
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        String alias = alias(new String[] {keyType});
        return alias == null ? null : new String[] {alias};
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        return getClientAliases(keyType, issuers);
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
        Identity identity = byAlias.get(alias);
        return identity == null ? null : identity.chain().toArray(new X509Certificate[0]);
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
        Identity identity = byAlias.get(alias);
        return identity == null ? null : identity.key();
    }
}
