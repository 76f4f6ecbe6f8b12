package org.pgregent.dcs.zookeeper;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.pgregent.dcs.spi.DcsRefusedException;

/** Several things may be wrong with a configuration: all of them are said at once, one a line. */
final class Refusals {

    /** One key's value. */
    interface Part<T> {
        T read() throws DcsRefusedException;
    }

    private final List<String> said = new ArrayList<>();

    void add(DcsRefusedException refusal) {
        said.add(refusal.getMessage());
    }

    /** Empty if it is refused. */
    <T> Optional<T> tried(Part<T> part) {
        try {
            return Optional.of(part.read());
        } catch (DcsRefusedException e) {
            add(e);
            return Optional.empty();
        }
    }

    void throwIfAny() throws DcsRefusedException {
        if (!said.isEmpty()) {
            throw new DcsRefusedException(String.join("\n", said));
        }
    }
}
