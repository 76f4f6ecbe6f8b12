package org.pgregent.launcher.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgregent.dcs.spi.Dcs;
import org.pgregent.dcs.spi.DcsConfig;
import org.pgregent.dcs.spi.DcsProvider;
import org.pgregent.dcs.spi.DcsRefusedException;
import org.pgregent.dcs.spi.Watch;
import org.pgregent.launcher.ConfigException;
import picocli.CommandLine;

class PluginFolderTest {

    static final String SERVICE = "META-INF/services/" + DcsProvider.class.getName();

    /** {@code NAME} is a Java expression for its name, {@code CALL} one for what {@code readAll} reports. */
    private static final String PROVIDER = """
            package guest;
            import java.time.Duration;
            import java.util.*;
            import org.pgregent.dcs.spi.*;
            public final class Provider implements DcsProvider {
                public String name() { return NAME; }
                public Duration shortestTtl() { return Duration.ofSeconds(5); }
                public Dcs connect(DcsConfig config) {
                    return new Dcs() {
                        public DcsSnapshot readAll(String prefix, Duration timeout) throws DcsException {
                            throw new DcsIndeterminateException(String.valueOf(CALL));
                        }
                        public WriteResult put(String k, byte[] v, Expect e, Optional<Lease> l, Duration t) { return null; }
                        public WriteResult delete(String k, Expect e, Duration t) { return null; }
                        public Lease grant(Duration ttl, Duration timeout) { return null; }
                        public boolean renew(Lease lease, Duration timeout) { return false; }
                        public void revoke(Lease lease, Duration timeout) {}
                        public Watch watch(Set<String> keys, Runnable hint) { hint.run(); return () -> {}; }
                        public void close() {}
                    };
                }
            }
            """;

    private static final String CONTEXT =
            "Thread.currentThread().getContextClassLoader() == Provider.class.getClassLoader()";

    @TempDir
    Path temp;

    private Path folder;

    @BeforeEach
    void makeFolder() throws IOException {
        folder = makeFolder(temp.resolve("plugins"));
    }

    private static Path makeFolder(Path folder) throws IOException {
        Files.createDirectory(folder);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        return folder;
    }

    static JarMaker provider(String name, String call) {
        return new JarMaker()
                .source("guest.Provider", PROVIDER.replace("NAME", name).replace("CALL", call))
                .resource(SERVICE, "guest.Provider\n");
    }

    private DcsProvider theOne() throws ConfigException {
        List<PluginFolder.Plugin> found = PluginFolder.load(folder);
        assertThat(found).hasSize(1);
        return found.get(0).provider();
    }

    private static Dcs connect(DcsProvider provider) throws Exception {
        return provider.connect(
                new DcsConfig(provider.name(), Map.of(), "n1", Path.of("/nowhere"), Duration.ofSeconds(30)));
    }

    private static String said(Dcs dcs) {
        return catchThrowableOfType(Exception.class, () -> dcs.readAll("/", Duration.ofSeconds(1)))
                .getMessage();
    }

    private List<String> problems() {
        return catchThrowableOfType(ConfigException.class, () -> PluginFolder.load(folder))
                .problems();
    }

    @Test
    void aJarIsAPluginAndOtherFilesAreLeftAlone() throws Exception {
        provider("\"guest\"", "1").writeTo(folder.resolve("guest.jar"));
        Files.writeString(folder.resolve("README"), "not a plug-in");

        DcsProvider guest = theOne();
        assertThat(guest.name()).isEqualTo("guest");
        assertThat(guest.sections()).isEqualTo(Set.of("guest"));
        assertThat(guest.shortestTtl()).isEqualTo(Duration.ofSeconds(5));
        assertThat(guest).hasToString("guest.Provider");
        assertThat(PluginFolder.load(folder).get(0).place()).isEqualTo(folder.resolve("guest.jar"));
    }

    @Test
    void anEmptyFolderHasNone() throws Exception {
        assertThat(PluginFolder.load(folder)).isEmpty();
    }

    /** The plug-in brings a library that we have too, in another version, and each side gets its own. */
    @Test
    void aLibraryOfThePluginDoesNotCollideWithOurs() throws Exception {
        Path together = makeFolder(folder.resolve("guest"));
        Path library = new JarMaker()
                .source(
                        "picocli.CommandLine",
                        "package picocli; public class CommandLine { public static String whose() { return \"its own\"; } }")
                .writeTo(together.resolve("picocli-0.0.1.jar"));
        provider("\"guest\"", "picocli.CommandLine.whose()").against(library).writeTo(together.resolve("guest.jar"));

        assertThat(said(connect(theOne()))).isEqualTo("its own");
        assertThat(CommandLine.VERSION).isNotEmpty();
        assertThatThrownBy(() -> CommandLine.class.getMethod("whose")).isInstanceOf(NoSuchMethodException.class);
    }

    /** Else it would work by chance, and stop when we change ours. */
    @Test
    void ourLibrariesAreNotThePlugins() throws Exception {
        provider("\"guest\"", "picocli.CommandLine.VERSION.length() + new picocli.CommandLine(\"x\").toString()")
                .writeTo(folder.resolve("guest.jar"));

        Dcs dcs = connect(theOne());
        assertThatThrownBy(() -> dcs.readAll("/", Duration.ofSeconds(1)))
                .isInstanceOf(DcsRefusedException.class)
                .hasMessageContaining(folder.resolve("guest.jar").toString())
                .hasMessageContaining("picocli/CommandLine")
                .hasMessageContaining("put the library it lacks beside it");
    }

    @Test
    void bothSidesShareTheInterfaceAndTheLog() throws Exception {
        provider(
                        "\"guest\"",
                        "org.slf4j.LoggerFactory.getLogger(\"x\").getClass().getClassLoader() + \" \" + "
                                + "Dcs.class.getClassLoader()")
                .writeTo(folder.resolve("guest.jar"));

        ClassLoader ours = DcsProvider.class.getClassLoader();
        assertThat(said(connect(theOne()))).isEqualTo(ours + " " + ours);
    }

    @Test
    void twoPluginsDoNotSeeEachOther() throws Exception {
        provider("\"one\"", "1").writeTo(folder.resolve("one.jar"));
        provider("\"two\"", "2").writeTo(folder.resolve("two.jar"));

        List<PluginFolder.Plugin> found = PluginFolder.load(folder);
        assertThat(found.stream().map(each -> each.provider().name())).containsExactly("one", "two");
        assertThat(said(connect(found.get(0).provider()))).isEqualTo("1");
        assertThat(said(connect(found.get(1).provider()))).isEqualTo("2");
    }

    @Test
    void itsResourcesAndServicesAreItsOwn() throws Exception {
        provider(
                        "\"guest\"",
                        "ServiceLoader.load(DcsProvider.class).stream().count() + \" \" + "
                                + "Provider.class.getClassLoader().getResource(\"logback.xml\")")
                .writeTo(folder.resolve("guest.jar"));

        assertThat(said(connect(theOne()))).isEqualTo("1 null");
    }

    @Test
    void runsInItsOwnContextAndLeavesOursAsItWas() throws Exception {
        provider("String.valueOf(" + CONTEXT + ")", CONTEXT).writeTo(folder.resolve("guest.jar"));
        ClassLoader before = Thread.currentThread().getContextClassLoader();

        DcsProvider guest = theOne();
        assertThat(guest.name()).isEqualTo("true");
        Dcs dcs = connect(guest);
        assertThat(said(dcs)).isEqualTo("true");
        assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(before);

        ClassLoader[] inHint = new ClassLoader[1];
        Watch watch =
                dcs.watch(Set.of(), () -> inHint[0] = Thread.currentThread().getContextClassLoader());
        watch.close();
        assertThat(inHint[0]).isSameAs(PluginDcs.class.getClassLoader());
        dcs.close();
    }

    @Test
    void tellsAllThatIsWrongAndWhatIsNot() throws Exception {
        provider("\"good\"", "1").writeTo(folder.resolve("good.jar"));
        Files.writeString(folder.resolve("half.jar"), "PK and no more");
        new JarMaker().resource("x", "y").writeTo(folder.resolve("library.jar"));
        new JarMaker().resource(SERVICE, "gone.Provider").writeTo(folder.resolve("gone.jar"));
        makeFolder(folder.resolve("nothing"));
        provider("List.of(1).get(1).toString()", "1").writeTo(folder.resolve("failing.jar"));

        List<String> problems = problems();
        assertThat(problems).hasSize(6);
        assertThat(problems)
                .anySatisfy(each -> assertThat(each)
                        .contains(folder + "/half.jar is no whole jar")
                        .contains("copy it again"))
                .anySatisfy(each -> assertThat(each)
                        .contains(folder + "/library.jar holds no store")
                        .contains("in one folder with the plug-in"))
                .anySatisfy(each -> assertThat(each)
                        .contains(folder + "/gone.jar cannot be loaded")
                        .contains("gone.Provider"))
                .anySatisfy(each -> assertThat(each).contains(folder + "/nothing holds no jar"))
                .anySatisfy(each -> assertThat(each).contains(folder + "/failing.jar cannot be used"));
        assertThat(problems.get(5)).isEqualTo("Without fault in " + folder + ": good (" + folder + "/good.jar)");
    }

    @Test
    void aPluginThatMissesALibraryAtItsStartIsNamed() throws Exception {
        provider("new picocli.CommandLine(\"x\").toString()", "1").writeTo(folder.resolve("guest.jar"));

        assertThat(problems().get(0))
                .contains(folder + "/guest.jar does not fit")
                .contains("picocli/CommandLine")
                .contains("put the library it lacks beside it");
    }

    @Test
    void whatOthersCouldWriteToIsNotRun() throws Exception {
        Path jar = provider("\"guest\"", "1").writeTo(folder.resolve("guest.jar"));
        for (String rights : List.of("rw-rw-r--", "rw-r--rw-")) {
            Files.setPosixFilePermissions(jar, PosixFilePermissions.fromString(rights));
            assertThat(problems().get(0))
                    .contains(jar + " can be written to by others")
                    .contains("chmod go-w");
        }
        Files.setPosixFilePermissions(jar, PosixFilePermissions.fromString("rw-r--r--"));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(problems().get(0))
                .contains(folder + " can be written to by others")
                .contains("mode 777");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(temp, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(problems().get(0))
                .contains(temp + " can be written to by others")
                .contains("chmod o-w");
        Files.setPosixFilePermissions(temp, PosixFilePermissions.fromString("rwx------"));
        assertThat(theOne().name()).isEqualTo("guest");
    }

    /** A link does not help: what it leads to counts. */
    @Test
    void aLinkIsAsGoodAsItsTarget() throws Exception {
        Path open = makeFolder(temp.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        Path jar = provider("\"guest\"", "1").writeTo(open.resolve("guest.jar"));
        Files.createSymbolicLink(folder.resolve("guest.jar"), jar);

        assertThat(problems().get(0)).contains(open + " can be written to by others");
    }

    /** Only root can give a file away; for anybody else it is enough to be another. */
    @Test
    void whatBelongsToSomebodyElseIsNotRun() throws Exception {
        Path jar = provider("\"guest\"", "1").writeTo(folder.resolve("guest.jar"));
        int self = (Integer) Files.getAttribute(jar, "unix:uid");
        assertThat(Ownership.ofThisProcess().objection(jar)).isEmpty();
        if (self == 0) {
            Files.setAttribute(jar, "unix:uid", 65534);
            assertThat(problems().get(0)).contains(jar + " belongs to the user").endsWith("chown it to root");
            assertThat(new Ownership(65534).objection(jar)).isEmpty();
        } else {
            assertThat(new Ownership(self + 1).objection(jar).orElseThrow())
                    .contains(jar + " belongs to the user")
                    .contains("the user this agent runs as");
        }
    }
}
