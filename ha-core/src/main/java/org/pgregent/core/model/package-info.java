/** Values: what was seen, what is wanted, what is remembered. No I/O, no clock, no thread. */
@NullMarked
package org.pgregent.core.model;

import org.jspecify.annotations.NullMarked;
