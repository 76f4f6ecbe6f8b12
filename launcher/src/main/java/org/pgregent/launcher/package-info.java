/** The program around the library: configuration, wiring, and the end of it all. The only place that knows every name. */
package org.pgregent.launcher;
