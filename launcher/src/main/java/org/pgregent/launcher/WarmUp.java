package org.pgregent.launcher;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Loads what an agent loads, without touching anything, so that the JVM can keep it in an archive. */
@Command(name = WarmUp.NAME, hidden = true)
final class WarmUp implements Callable<Integer> {

    static final String NAME = "internal-warm-up";

    @Override
    public Integer call() {
        return 0;
    }
}
