package org.pgregent.launcher.plugin;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pgregent.dcs.spi.DcsProvider;

/**
 * Loads the classes of one plug-in. It sees the JDK, what the two sides speak with each other ({@link #SHARED}), and its own jars,
 * of which the last come before the JDK's; of our libraries it sees none. So neither side's libraries can get in the way of the
 * other's, and a plug-in that forgot one fails at once, not when we change ours.
 */
final class PluginLoader extends URLClassLoader {

    /** The same classes for us and for every plug-in. */
    static final List<String> SHARED = List.of("org.pgregent.dcs.spi.", "org.slf4j.", "org.jspecify.");

    static {
        registerAsParallelCapable();
    }

    private final ClassLoader ours = DcsProvider.class.getClassLoader();

    PluginLoader(String name, URL[] jars) {
        super(name, jars, ClassLoader.getPlatformClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            if (loaded == null) {
                loaded = firstOf(name);
            }
            if (resolve) {
                resolveClass(loaded);
            }
            return loaded;
        }
    }

    /** Only the JDK may define java.*, so it is asked first; a bridge to SLF4J that we lack may come with the plug-in. */
    private Class<?> firstOf(String name) throws ClassNotFoundException {
        if (SHARED.stream().anyMatch(name::startsWith)) {
            try {
                return ours.loadClass(name);
            } catch (ClassNotFoundException notOurs) {
                return findClass(name);
            }
        }
        if (name.startsWith("java.")) {
            return getParent().loadClass(name);
        }
        try {
            return findClass(name);
        } catch (ClassNotFoundException notItsOwn) {
            return getParent().loadClass(name);
        }
    }

    @Override
    public @Nullable URL getResource(String name) {
        URL own = findResource(name);
        return own == null ? getParent().getResource(name) : own;
    }

    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
        List<URL> all = Collections.list(findResources(name));
        all.addAll(Collections.list(getParent().getResources(name)));
        return Collections.enumeration(all);
    }
}
