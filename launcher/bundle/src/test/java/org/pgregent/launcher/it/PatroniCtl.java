package org.pgregent.launcher.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Patroni's own ctl, unpacked by {@code bin/install-test-tools}, looking at a cluster of ours. */
final class PatroniCtl {

    private static final Path UNPACKED = Path.of(Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
                    .filter(dir -> !dir.isEmpty())
                    .orElse(System.getProperty("user.home") + "/.cache"))
            .resolve("pgregent/patroni/usr/lib/python3/dist-packages");

    private final Path folder;
    private final Path config;

    PatroniCtl(Path folder, String scope, ExternalStore store) throws IOException {
        assertThat(UNPACKED.resolve("patroni/ctl.py"))
                .as("Patroni, as unpacked by bin/install-test-tools")
                .exists();
        this.folder = Files.createDirectories(folder);
        this.config = folder.resolve("patronictl.yml");
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("scope", scope);
        settings.put(store.section(), store.settings());
        Files.writeString(config, new ObjectMapper().writeValueAsString(settings));
    }

    /** What it prints; it has to succeed. */
    String run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of("/usr/bin/python3", "-c", "from patroni.ctl import ctl; ctl()", "-c", config.toString()));
        command.addAll(List.of(arguments));
        Path complaints = folder.resolve("patronictl.err");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(complaints.toFile());
        builder.environment().put("PYTHONPATH", UNPACKED.toString());
        builder.environment().put("LC_ALL", "C.UTF-8");
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("patronictl ended").isTrue();
        assertThat(process.exitValue())
                .as("patronictl %s: %s%s", List.of(arguments), output, Files.readString(complaints))
                .isZero();
        return output;
    }
}
