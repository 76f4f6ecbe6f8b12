package org.pgregent.launcher;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.Consumer;

/**
 * Takes signals over from the JVM, which would otherwise end with 128 + number, without a chance to end in order and with 0.
 *
 * <p>The class for it is exported by the module jdk.unsupported, but javac always warns of it; hence by reflection.
 */
final class Signals {

    private Signals() {}

    /**
     * @param name without SIG, such as {@code TERM}
     * @param handler called on a thread of its own with the name, for each signal
     */
    static void handle(String name, Consumer<String> handler) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object proxy = Proxy.newProxyInstance(
                    Signals.class.getClassLoader(),
                    new Class<?>[] {handlerType},
                    (self, method, arguments) -> answer(self, method, arguments, () -> handler.accept(name)));
            signal.getMethod("handle", signal, handlerType)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException("signal " + name + " cannot be handled: " + e.getCause(), e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "this Java has no sun.misc.Signal: use one with the module jdk.unsupported", e);
        }
    }

    private static Object answer(Object self, Method method, Object[] arguments, Runnable handler) {
        return switch (method.getName()) {
            case "handle" -> {
                handler.run();
                yield null;
            }
            case "equals" -> self == arguments[0];
            case "hashCode" -> System.identityHashCode(self);
            default -> "a signal handler";
        };
    }
}
