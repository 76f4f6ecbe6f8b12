package org.pgregent.launcher.config;

import static org.pgregent.launcher.config.Problem.Severity.ERROR;
import static org.pgregent.launcher.config.Problem.Severity.HINT;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.pgregent.core.model.Conversions;

/** Holds a document against the schema: names, shapes, ranges, and what this version cannot do. */
public final class SchemaCheck {

    private final Schema schema;
    private final Document document;
    private final Set<String> foreign;
    private final List<Problem> problems = new ArrayList<>();
    private final List<String> later = new ArrayList<>();

    private SchemaCheck(Schema schema, Document document, Set<String> foreign) {
        this.schema = schema;
        this.document = document;
        this.foreign = foreign;
    }

    /** @param foreign top-level sections that are somebody else's, such as those of a store of one's own */
    public static List<Problem> of(Document document, Set<String> foreign) {
        return new SchemaCheck(Schema.local(), document, foreign).run();
    }

    /** The same for the cluster's configuration. */
    public static List<Problem> ofDynamic(Map<String, Object> document) {
        return new SchemaCheck(Schema.dynamic(), Document.of(document, ""), Set.of()).run();
    }

    private List<Problem> run() {
        walk(document.values(), "");
        required();
        if (!later.isEmpty()) {
            problems.add(new Problem(
                    HINT, "", "not yet used, for it comes with a later version: " + String.join(", ", later)));
        }
        return List.copyOf(problems);
    }

    private void walk(Map<String, Object> map, String at) {
        map.forEach((name, value) -> {
            String path = at.isEmpty() ? name : at + "." + name;
            if (value == null || at.isEmpty() && foreign.contains(name)) {
                return;
            }
            Optional<Key> key = schema.find(path);
            if (key.isPresent() && key.get().kind() != Kind.SECTION) {
                check(key.get(), path, value);
            } else if (!schema.isSection(path)) {
                unknown(path, value);
            } else if (value instanceof Map<?, ?> below) {
                key.ifPresent(section -> use(section, path, value));
                walk(Document.strings(below), path);
            } else {
                wrong(path, value, "is not " + Kind.SECTION.contractWord(), Kind.SECTION.remedy());
            }
        });
    }

    private void unknown(String path, Object value) {
        boolean ofTags = path.startsWith("tags.");
        // Ways of making and cloning have names of the user's own.
        boolean method = value instanceof Map<?, ?> map
                && (map.containsKey("command") || isNamedAsMethod(path.substring(path.lastIndexOf('.') + 1)))
                && (path.startsWith("bootstrap.") || path.startsWith("postgresql."));
        if (!ofTags && !method) {
            String nearest = schema.nearest(path)
                    .map(known -> "did you mean " + known + "?")
                    .orElse("see the reference of the configuration");
            problems.add(new Problem(HINT, path, path + " is not a known key and is ignored: " + nearest));
        }
    }

    private boolean isNamedAsMethod(String name) {
        Set<Object> named = new HashSet<>();
        document.at(List.of("bootstrap", "method")).ifPresent(named::add);
        for (String key : List.of("create_replica_methods", "create_replica_method")) {
            for (List<String> path :
                    List.of(List.of("postgresql", key), List.of("bootstrap", "dcs", "postgresql", key))) {
                document.at(path).filter(List.class::isInstance).ifPresent(list -> named.addAll((List<?>) list));
            }
        }
        return named.contains(name);
    }

    private void check(Key key, String path, Object value) {
        if (!path.equals(key.path())) {
            // Within a mapping of free names.
            return;
        }
        boolean list = value instanceof List;
        boolean map = value instanceof Map;
        boolean fits =
                switch (key.kind()) {
                    case TEXT -> !list && !map;
                    case WHOLE ->
                        !list
                                && !map
                                && Conversions.integer(value, "")
                                        .filter(n -> n >= key.least() && n <= key.most())
                                        .isPresent();
                    case REAL -> isReal(value);
                    case FLAG -> Conversions.bool(value).isPresent();
                    case LIST -> list;
                    case TEXTS -> !map;
                    case MAP -> map;
                    case OPTIONS -> list || map;
                    case SECTION, ANY -> true;
                };
        boolean empty = String.valueOf(value).isBlank();
        if (!fits && !empty) {
            wrong(
                    path,
                    value,
                    "is not " + key.kind().contractWord() + range(key),
                    key.kind().remedy());
        } else if (!key.choices().isEmpty()
                && !empty
                && key.choices().stream().noneMatch(choice -> choice.equalsIgnoreCase(String.valueOf(value)))) {
            wrong(path, value, "is not one of " + String.join(", ", key.choices()), "write one of them");
        } else {
            use(key, path, value);
        }
    }

    private static boolean isReal(Object value) {
        try {
            return Double.isFinite(Double.parseDouble(String.valueOf(value)));
        } catch (NumberFormatException notANumber) {
            return false;
        }
    }

    private static String range(Key key) {
        boolean least = key.least() != Long.MIN_VALUE && key.least() != Integer.MIN_VALUE;
        boolean most = key.most() != Long.MAX_VALUE && key.most() != Integer.MAX_VALUE;
        return key.kind() != Kind.WHOLE
                ? ""
                : least && most
                        ? " from " + key.least() + " to " + key.most()
                        : least ? " of at least " + key.least() : most ? " of at most " + key.most() : "";
    }

    /** Values of a cluster's configuration give way to defaults; what is wrong there stops nobody from starting. */
    private void wrong(String path, Object value, String reason, String remedy) {
        Problem.Severity severity = isDynamic(path) ? HINT : ERROR;
        problems.add(Problem.of(severity, path, value, reason, remedy));
    }

    private boolean isDynamic(String path) {
        return schema == Schema.dynamic() || path.startsWith("bootstrap.dcs.");
    }

    private void use(Key key, String path, Object value) {
        String text = String.valueOf(value).toLowerCase(Locale.ROOT);
        boolean nothing = text.isBlank()
                || value instanceof Map<?, ?> map && map.isEmpty()
                || value instanceof List<?> list && list.isEmpty()
                || text.equalsIgnoreCase(key.fallback())
                || key.kind() != Kind.WHOLE && Conversions.bool(text).equals(Optional.of(false));
        switch (key.use()) {
            case USED -> {}
            case LATER -> {
                if (!nothing) {
                    later.add(path + (key.note().isEmpty() ? "" : " (" + key.note() + ")"));
                }
            }
            case NONE -> {
                if (!nothing) {
                    problems.add(Problem.of(HINT, path, value, "has no effect", key.note()));
                }
            }
            case REFUSED -> {
                if (key.refusedValues().isEmpty()
                        ? !nothing
                        : key.refusedValues().contains(text)) {
                    wrong(path, value, "is not possible yet", key.note());
                }
            }
        }
    }

    private void required() {
        for (Key key : schema.keys()) {
            if (key.required() && document.at(List.of(key.path().split("\\."))).isEmpty()) {
                problems.add(Problem.missing(key.path(), key.meaning()));
            }
        }
    }
}
