/** A whole cluster on one machine, to look at, to break, and to learn from. */
package org.pgregent.launcher.demo;
