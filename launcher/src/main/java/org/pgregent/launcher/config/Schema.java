package org.pgregent.launcher.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** All keys there are, in the order of the reference. */
public final class Schema {

    private static final Schema DYNAMIC = new Schema(DynamicKeys.ALL);
    private static final Schema LOCAL = new Schema(
            Stream.of(GlobalKeys.ALL, PostgresKeys.ALL, RestKeys.ALL, StoreKeys.ALL, DynamicKeys.ofBootstrap())
                    .flatMap(List::stream)
                    .toList());

    private final Map<String, Key> keys = new LinkedHashMap<>();
    private final List<Key> all;
    private final TreeSet<String> sections = new TreeSet<>();
    private final Set<String> aboveSecrets = new HashSet<>();
    private final Set<String> parentsOfSecrets = new HashSet<>();

    private Schema(List<Key> all) {
        this.all = List.copyOf(all);
        for (Key key : all) {
            if (keys.put(key.path(), key) != null) {
                throw new IllegalStateException("described twice: " + key.path());
            }
            for (int dot = key.path().indexOf('.'); dot >= 0; dot = key.path().indexOf('.', dot + 1)) {
                sections.add(key.path().substring(0, dot));
                if (key.secret()) {
                    aboveSecrets.add(key.path().substring(0, dot));
                }
            }
            if (key.secret() && key.path().indexOf('.') > 0) {
                parentsOfSecrets.add(key.path().substring(0, key.path().lastIndexOf('.')));
            }
        }
    }

    /** Of a node's own file and environment. */
    public static Schema local() {
        return LOCAL;
    }

    /** Of the cluster's configuration in the store. */
    public static Schema dynamic() {
        return DYNAMIC;
    }

    public List<Key> keys() {
        return all;
    }

    /** Whether there are keys below this path. */
    boolean isSection(String path) {
        return sections.contains(path)
                || find(path).map(key -> key.kind() == Kind.SECTION).orElse(false);
    }

    /** Whether a value in place of this section might be a secret gone astray. */
    boolean hasSecretsBelow(String path) {
        return aboveSecrets.contains(path);
    }

    /** Whether one of the keys right in this section is a secret. */
    boolean hasSecretsIn(String section) {
        return parentsOfSecrets.contains(section);
    }

    /** The key of this path, or the one of a mapping above it that takes any name. */
    public Optional<Key> find(String path) {
        Key exact = keys.get(path);
        if (exact != null) {
            return Optional.of(exact);
        }
        for (int dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
            Key above = keys.get(path.substring(0, dot));
            if (above != null && above.kind() != Kind.SECTION) {
                return Optional.of(above);
            }
        }
        return Optional.empty();
    }

    /** The known path that was most likely meant: a similar name beside it, or the same name elsewhere. */
    Optional<String> nearest(String path) {
        int dot = path.lastIndexOf('.');
        String parent = dot < 0 ? "" : path.substring(0, dot + 1);
        String name = path.substring(dot + 1);
        List<String> beside = new ArrayList<>();
        for (String known :
                Stream.concat(keys.keySet().stream(), sections.stream()).toList()) {
            if (known.startsWith(parent)
                    && known.indexOf('.', parent.length()) < 0
                    && distance(name, known.substring(parent.length())) <= Math.max(1, name.length() / 3)) {
                beside.add(known);
            }
        }
        Optional<String> similar =
                beside.stream().min(Comparator.comparingInt(known -> distance(name, known.substring(parent.length()))));
        return similar.or(() -> keys.keySet().stream()
                .filter(known -> known.endsWith("." + name) || known.equals(name))
                .min(Comparator.comparingInt(String::length)));
    }

    /** The number of letters to add, drop or change. */
    static int distance(String one, String other) {
        int[] row = new int[other.length() + 1];
        for (int j = 0; j <= other.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.length(); j++) {
                int changed = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[other.length()];
    }
}
