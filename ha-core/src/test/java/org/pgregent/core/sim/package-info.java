/**
 * A whole cluster in one process: real agents on a simulated network, store, PostgreSQL and guard, with every chance taken
 * from one seed. {@code bin/simulate} runs it at night, {@code SimulationTest} a part of it with every build.
 */
package org.pgregent.core.sim;
