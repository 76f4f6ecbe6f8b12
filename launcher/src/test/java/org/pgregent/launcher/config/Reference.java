package org.pgregent.launcher.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes the reference of the configuration from the schema. */
final class Reference {

    private static final String HEAD = """
            # Configuration

            Written by `bin/write-reference` from the schema that also reads and checks the configuration; do not edit it by hand.

            **Where it comes from**, the later one winning: built-in defaults; the cluster's configuration in the store (only what
            the last section lists, and of `postgresql` what a node's file may set too); the node's file, or all `.yml` and `.yaml`
            files of a folder in the order of their names (`null` in a later one removes a key); the variables `PATRONI_…` of the
            environment, read once at the start. If the file does not exist, `PATRONI_CONFIGURATION` may hold all of it as YAML,
            and then no other variable counts; else the variables alone are the configuration.

            Anchors, aliases and merge keys of YAML may be used; an alias of a single value may not.

            **Variables.** Lists are YAML lists or items with commas, mappings are YAML in one line and may lack their braces,
            elements with a colon want quotes. Empty ones count as absent.

            **What it can be asked.** `regent --validate-config FILE` tells all that is wrong at once, `--print-effective-config`
            what holds in the end and why, `--generate-sample-config` and `--generate-config` write one to begin with.

            **SIGHUP** reads files again. *now*: a changed value takes effect; *restart*: a warning names the key, and the old
            value stays until the agent is started again; *new cluster*: looked at only when a cluster is made. A configuration
            with an error in it is refused as a whole. An agent started as root goes on as another user, and that user must be
            able to read the file for this.

            **Notes.** *later*: accepted, has no effect yet, and a line at the start says so. *no effect*: accepted, nothing here
            acts on it. *refused*: the agent does not start with it, for going on without what it asks for would be dangerous.
            Keys that are not known are ignored, with a hint.
            """;

    private static final Map<String, String> TITLES = new LinkedHashMap<>();

    static {
        TITLES.put("", "Top level");
        TITLES.put("log", "log");
        TITLES.put("bootstrap", "bootstrap");
        TITLES.put("postgresql", "postgresql");
        TITLES.put("restapi", "restapi");
        TITLES.put("ctl", "ctl");
        TITLES.put("tags", "tags");
        TITLES.put("watchdog", "watchdog");
        TITLES.put("regent", "regent: ours alone, others ignore it");
        TITLES.put("etcd3", "etcd3 (the section etcd has the same keys)");
        TITLES.put("consul", "consul");
        TITLES.put("zookeeper", "zookeeper");
        TITLES.put("citus", "citus");
    }

    private Reference() {}

    static String markdown() {
        StringBuilder text = new StringBuilder(HEAD);
        Map<String, List<Key>> bySection = Schema.local().keys().stream()
                .filter(key -> !key.path().startsWith("bootstrap.dcs."))
                .collect(Collectors.groupingBy(Reference::section, LinkedHashMap::new, Collectors.toList()));
        TITLES.forEach((section, title) -> {
            text.append("\n## ").append(title).append("\n\n");
            table(bySection.getOrDefault(section, List.of()), section, text);
        });
        text.append("\n## Stores of Patroni's that are not here\n\n")
                .append(
                        "A node whose first section of a store, by the alphabet, is `exhibitor`, `kubernetes` or `raft` does")
                .append(
                        " not start:\nanother store in its place would be a second one beside that of the other nodes.\n")
                .append("\n## The cluster's configuration\n\n")
                .append(
                        "In the store under `config`, for all nodes; `bootstrap.dcs` is its first content. What is wrong in")
                .append(
                        " it gives way to the\ndefault, with a warning; a new document with unusable timers or `parameters`")
                .append(
                        " is not taken at all. `loop_wait` + 2 ×\n`retry_timeout` must not be above `ttl`; else they are")
                .append(" lowered in memory, and a line says to what.\n\n");
        table(Schema.dynamic().keys(), "", text);
        return text.toString();
    }

    private static String section(Key key) {
        int dot = key.path().indexOf('.');
        boolean top = dot < 0 && !TITLES.containsKey(key.path());
        return top ? "" : dot < 0 ? key.path() : key.path().substring(0, dot);
    }

    private static void table(List<Key> keys, String section, StringBuilder text) {
        text.append("| Key | Shape | Default | SIGHUP | Meaning | Variable |\n| --- | --- | --- | --- | --- | --- |\n");
        for (Key key : keys) {
            text.append("| `")
                    .append(
                            section.isEmpty() || key.path().equals(section)
                                    ? key.path()
                                    : key.path().substring(section.length() + 1))
                    .append("` | ")
                    .append(shape(key))
                    .append(" | ")
                    .append(fallback(key))
                    .append(" | ")
                    .append(
                            switch (key.reload()) {
                                case NOW -> "now";
                                case RESTART -> "restart";
                                case BOOTSTRAP -> "new cluster";
                            })
                    .append(" | ")
                    .append(meaning(key))
                    .append(" | ")
                    .append(key.variables().stream()
                            .map(name -> "`" + name + "`")
                            .collect(Collectors.joining(", ")))
                    .append(" |\n");
        }
    }

    private static String shape(Key key) {
        List<String> words = new ArrayList<>(List.of(key.kind().word()));
        if (key.required()) {
            words.add("required");
        }
        if (key.secret()) {
            words.add("secret");
        }
        return String.join(", ", words);
    }

    private static String fallback(Key key) {
        if (!key.usually().isEmpty()) {
            return key.usually();
        }
        return key.fallback().isEmpty() ? "" : "`" + key.fallback() + "`";
    }

    private static String meaning(Key key) {
        String use =
                switch (key.use()) {
                    case USED -> "";
                    case LATER -> " *later*";
                    case NONE -> " *no effect*";
                    case REFUSED -> " *refused*";
                };
        String only = key.refusedValues().isEmpty() ? "" : " if " + String.join(", ", key.refusedValues());
        String note = key.note().isEmpty() ? "" : ": " + key.note();
        return (key.meaning() + (use.isEmpty() ? "" : ";" + use + only + note)).replace("|", "\\|");
    }
}
