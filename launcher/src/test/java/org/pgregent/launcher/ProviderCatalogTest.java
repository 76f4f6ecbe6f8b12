package org.pgregent.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ProviderCatalogTest {

    @Test
    void findsAProviderByItsSection() throws ConfigException {
        ProviderCatalog catalog =
                ProviderCatalog.of(List.of(new StubProvider("zookeeper"), new StubProvider("consul")));

        assertThat(catalog.sections()).containsExactly("consul", "zookeeper");
        assertThat(catalog.forSection("zookeeper")).isPresent();
        assertThat(catalog.forSection("etcd")).isEmpty();
    }

    @Test
    void refusesToStartWithoutAny() {
        assertThatThrownBy(() -> ProviderCatalog.of(List.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("no store is on the class path");
    }

    @Test
    void refusesTwoOfOneNameAndListsThem() {
        assertThatThrownBy(() -> ProviderCatalog.of(
                        List.of(new StubProvider("etcd"), new StubProvider("etcd"), new StubProvider("consul"))))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("two stores have the name etcd")
                .hasMessageContaining("consul (" + StubProvider.class.getName() + " from the class path)");
    }
}
