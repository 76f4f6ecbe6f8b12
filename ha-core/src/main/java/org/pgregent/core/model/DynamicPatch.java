package org.pgregent.core.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** How a change is laid over the cluster's configuration. Pure; what is given stays as it was. */
public final class DynamicPatch {

    private DynamicPatch() {}

    /**
     * The document with the change: mappings are merged, null removes, everything else is replaced, lists as a whole. A value that
     * only is written differently, such as {@code "1"} for {@code 1}, stays as it is, so that a change that is none can be told by
     * {@code equals}.
     */
    public static DynamicConfig applied(DynamicConfig config, Map<String, ? extends @Nullable Object> change) {
        return new DynamicConfig(merged(config.document(), change));
    }

    private static Map<String, Object> merged(Map<?, ?> document, Map<?, ?> change) {
        Map<String, Object> result = new LinkedHashMap<>();
        document.forEach((key, value) -> result.put(String.valueOf(key), value));
        change.forEach((key, value) -> {
            String name = String.valueOf(key);
            Object old = result.get(name);
            if (value == null) {
                result.remove(name);
            } else if (value instanceof Map<?, ?> below) {
                result.put(name, merged(old instanceof Map<?, ?> map ? map : Map.of(), below));
            } else if (!isSame(old, value)) {
                result.put(name, value);
            }
        });
        return result;
    }

    private static boolean isSame(@Nullable Object old, Object value) {
        return Objects.equals(old, value)
                || old != null
                        && isPlain(old)
                        && isPlain(value)
                        && old.toString().equals(value.toString());
    }

    /** A boolean and a word are not the same, nor are the items of lists that look alike. */
    private static boolean isPlain(Object value) {
        return !(value instanceof Boolean || value instanceof List || value instanceof Map);
    }
}
