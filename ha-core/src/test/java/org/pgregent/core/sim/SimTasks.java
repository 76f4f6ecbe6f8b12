package org.pgregent.core.sim;

import org.pgregent.core.port.Tasks;

/** Tasks on threads of the same process: they freeze and end with it. */
final class SimTasks extends SimPort implements Tasks {

    SimTasks(SimNode node, SimProcess process) {
        super(node, process);
    }

    @Override
    public Handle run(String name, Runnable body) {
        requireAlive();
        SimThread thread = process.start(name, () -> {
            scheduler.current().sleep(1 + chance.nextLong(300_000L));
            if (name.equals("PROMOTE") || name.equals("START_PRIMARY")) {
                cluster.faults().strikeBeforeWritable(node, process);
                scheduler.current().sleep(1);
            }
            body.run();
        });
        return thread::cancel;
    }
}
