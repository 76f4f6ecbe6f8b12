package org.pgregent.launcher.demo;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** A cluster on this machine, to look at. */
@Command(name = "demo", description = "A cluster of three on this machine.")
public final class DemoCommand implements Callable<Integer> {

    @Override
    public Integer call() {
        return 0;
    }
}
