package org.pgregent.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.launcher.config.Document;

class ConfigSourceTest {

    @TempDir
    private Path folder;

    @Test
    void nullInALaterFileOfAFolderRemoves() throws ConfigException, IOException {
        Files.writeString(folder.resolve("1.yml"), "scope: a\nlog: {level: INFO, dir: /x}\ntags: {a: 1}\n");
        Files.writeString(folder.resolve("2.yaml"), "scope: b\nlog: {level: null}\ntags: null\n");
        Files.writeString(folder.resolve("3.txt"), "scope: c\n");

        Document document = ConfigSource.read(Optional.of(folder), Map.of());

        assertThat(document.values()).isEqualTo(Map.of("scope", "b", "log", Map.of("dir", "/x")));
        assertThat(document.origin("scope")).contains("2.yaml");
        assertThat(document.origin("log.dir")).contains("1.yml");
        assertThat(document.origin("log.level")).isEmpty();
    }

    @Test
    void theEnvironmentWinsOverTheFileAndIsNamed() throws ConfigException, IOException {
        Path file = Files.writeString(folder.resolve("n.yml"), "scope: a\nname: n\n");
        Document document = ConfigSource.read(
                Optional.of(file), Map.of("PATRONI_SCOPE", "b", "PATRONI_CONFIGURATION", "{scope: c}"));

        assertThat(document.values()).isEqualTo(Map.of("scope", "b", "name", "n"));
        assertThat(document.origin("scope")).contains("PATRONI_SCOPE");
        assertThat(document.origin("name")).contains("n.yml");
    }

    @Test
    void withoutAFileTheWholeVariableExcludesTheOthers() throws ConfigException {
        Document document = ConfigSource.read(
                Optional.of(folder.resolve("missing.yml")),
                Map.of("PATRONI_CONFIGURATION", "{scope: c}", "PATRONI_NAME", "n"));
        assertThat(document.values()).isEqualTo(Map.of("scope", "c"));
    }

    @Test
    void theOtherVariablesAloneAreEnough() throws ConfigException {
        Document document = ConfigSource.read(Optional.empty(), Map.of("PATRONI_SCOPE", "c", "PATRONI_NAME", "n"));
        assertThat(document.values()).isEqualTo(Map.of("scope", "c", "name", "n"));
    }

    @Test
    void nothingAtAllIsAnError() throws IOException {
        Path missing = folder.resolve("missing.yml");
        assertThatThrownBy(() -> ConfigSource.read(Optional.of(missing), Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(missing + " does not exist");
        assertThatThrownBy(() -> ConfigSource.read(Optional.of(folder), Map.of()))
                .hasMessageContaining("holds no configuration");
        assertThatThrownBy(() -> ConfigSource.read(Optional.empty(), Map.of("PATH", "/bin")))
                .hasMessageContaining("no configuration was named");
    }

    @Test
    void aFileOfARunningAgentThatIsGoneIsNotTakenForNone() throws Exception {
        Map<String, String> environment = Map.of("PATRONI_SCOPE", "c", "PATRONI_NAME", "n");
        Path file = Files.writeString(folder.resolve("n.yml"), "scope: a\n");
        assertThat(ConfigSource.again(file, environment).values()).containsEntry("scope", "c");
        Files.delete(file);
        assertThatThrownBy(() -> ConfigSource.again(file, environment))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(file + " is not there any more")
                .hasMessageContaining("put it back");
    }

    @Test
    void aFileOfAFolderThatCannotBeLookedAtIsNotTakenForNone() throws Exception {
        Files.writeString(folder.resolve("1.yml"), "scope: a\n");
        Files.createDirectory(folder.resolve("2.yml"));
        assertThat(ConfigSource.read(Optional.of(folder), Map.of()).values()).isEqualTo(Map.of("scope", "a"));
        Path dangling = Files.createSymbolicLink(folder.resolve("3.yml"), folder.resolve("gone"));
        assertThatThrownBy(() -> ConfigSource.read(Optional.of(folder), Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(dangling + " cannot be read")
                .hasMessageContaining("correct the path or its permissions");
    }

    @Test
    void aFileThatIsNoMappingIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("n.yml"), "- a\n");
        assertThatThrownBy(() -> ConfigSource.read(Optional.of(file), Map.of()))
                .isInstanceOfSatisfying(
                        ConfigException.class, e -> assertThat(e.problems()).hasSize(1))
                .hasMessageContaining("n.yml is not a mapping");
        assertThatThrownBy(() -> ConfigSource.read(Optional.empty(), Map.of("PATRONI_CONFIGURATION", "[")))
                .hasMessageContaining("variable PATRONI_CONFIGURATION is not YAML");
    }
}
