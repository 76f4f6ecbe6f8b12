package org.pgregent.pg;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The files in the data folder that make a server a standby, or that would meddle with it. */
final class RecoveryFiles {

    /** At most one of these may be set, and for us none. */
    static final List<String> TARGETS = List.of(
            "recovery_target",
            "recovery_target_lsn",
            "recovery_target_name",
            "recovery_target_time",
            "recovery_target_xid");

    private static final Set<String> OTHERS = Set.of(
            "archive_cleanup_command",
            "primary_conninfo",
            "primary_slot_name",
            "promote_trigger_file",
            "recovery_end_command",
            "recovery_min_apply_delay",
            "recovery_target_action",
            "recovery_target_inclusive",
            "recovery_target_timeline",
            "restore_command");

    private RecoveryFiles() {}

    /** Makes or removes standby.signal; recovery.signal would end recovery by itself and always goes. Returns whether it did. */
    static boolean signal(Path dataDir, boolean standby) throws IOException {
        boolean changed = Files.deleteIfExists(dataDir.resolve("recovery.signal"));
        Path file = dataDir.resolve("standby.signal");
        if (standby) {
            changed |= !Files.exists(file) && AtomicFiles.write(file, "", AtomicFiles.modeIn(dataDir));
        } else {
            changed |= Files.deleteIfExists(file);
        }
        if (changed) {
            AtomicFiles.sync(dataDir);
        }
        return changed;
    }

    /** Takes recovery settings out of postgresql.auto.conf, where they would win over ours. Returns whether there were any. */
    static boolean strip(Path dataDir) throws IOException {
        Path file = dataDir.resolve("postgresql.auto.conf");
        if (!Files.exists(file)) {
            return false;
        }
        List<String> lines = Files.readAllLines(file);
        List<String> kept = lines.stream()
                .filter(line -> !sets(line, OTHERS) && !sets(line, Set.copyOf(TARGETS)))
                .toList();
        if (kept.size() == lines.size()) {
            return false;
        }
        return AtomicFiles.write(
                file,
                kept.stream().map(line -> line + "\n").collect(Collectors.joining()),
                AtomicFiles.modeIn(dataDir));
    }

    private static boolean sets(String line, Set<String> names) {
        String name = line.trim().split("[\\s=]", 2)[0].toLowerCase(java.util.Locale.ROOT);
        return names.contains(name);
    }
}
