/**
 * The decision: {@link org.pgregent.core.decide.Decider#decide} turns what is seen, wanted and remembered into one action and
 * one sentence why. Pure: no I/O, no clock, no chance, no log, no field that changes.
 */
@NullMarked
package org.pgregent.core.decide;

import org.jspecify.annotations.NullMarked;
