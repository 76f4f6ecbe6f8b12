/** Whole clusters: real agents, real PostgreSQL, real kills. */
package org.pgregent.launcher.it;
