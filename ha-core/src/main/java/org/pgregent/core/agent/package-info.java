/** The loop: read, decide, act, publish. One thread runs it; everything else leaves results and wakes it. */
package org.pgregent.core.agent;
