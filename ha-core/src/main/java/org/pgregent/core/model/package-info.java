/** Values: what was seen, what is wanted, what is remembered. No I/O, no clock, no thread. */
package org.pgregent.core.model;
