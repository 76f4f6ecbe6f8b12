package org.pgregent.launcher.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.launcher.ConfigException;
import org.pgregent.launcher.ProviderCatalog;

/** The key {@code regent.plugins}; no store is on the class path of these tests. */
class PluginCatalogTest {

    @TempDir
    Path folder;

    private Map<String, Object> document;

    @BeforeEach
    void nameIt() throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        document = Map.of("scope", "main", "regent", Map.of("plugins", folder.toString()));
    }

    @Test
    void aDroppedStoreIsFoundByItsSection() throws Exception {
        PluginFolderTest.provider("\"guest\"", "1").writeTo(folder.resolve("guest.jar"));

        ProviderCatalog catalog = ProviderCatalog.of(document);
        assertThat(catalog.names()).containsExactly("guest");
        assertThat(catalog.forSection("guest")).isPresent();
    }

    @Test
    void twoOfOneNameAreRefusedAndBothJarsNamed() throws Exception {
        PluginFolderTest.provider("\"guest\"", "1").writeTo(folder.resolve("a.jar"));
        PluginFolderTest.provider("\"guest\"", "1").writeTo(folder.resolve("b.jar"));

        assertThatThrownBy(() -> ProviderCatalog.of(document))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("two stores have the name guest: remove one of them")
                .hasMessageContaining("guest (guest.Provider from " + folder.resolve("a.jar") + ")")
                .hasMessageContaining("guest (guest.Provider from " + folder.resolve("b.jar") + ")");
    }

    @Test
    void noneAtAllIsRefusedAndTheFolderNamed() {
        assertThatThrownBy(() -> ProviderCatalog.of(document))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("no store is on the class path or in " + folder);
    }

    @Test
    void aFolderThatIsNotThereIsRefused() {
        assertThatThrownBy(() -> ProviderCatalog.of(Map.of("regent", Map.of("plugins", folder + "/gone"))))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("regent.plugins '" + folder + "/gone' is no folder")
                .hasMessageContaining("leave the key out");
        assertThatThrownBy(() -> ProviderCatalog.of(Map.of("regent", Map.of("plugins", "here"))))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("regent.plugins 'here' is not an absolute path");
    }
}
